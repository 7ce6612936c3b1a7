// The size of a directory tree on disk, measured in slices: stops where it is told to and goes on
// from there.
//
// Counts st_blocks, each hard-linked file once; follows no symbolic link; enters no other file
// system and no mount point. The tree belongs to somebody who may want us to suffer: few
// directories are open at a time, memory and depth are bounded, and what goes beyond that is not
// measured instead of guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/fd.h"

namespace plimsoll::exporter {

class TreeWalk {
 public:
  // `top` is the tree's root, opened O_RDONLY | O_DIRECTORY.
  explicit TreeWalk(Fd top);

  enum class Step : std::uint8_t { kDone, kMore };
  // Asked every few files.
  using Expired = std::function<bool()>;
  [[nodiscard]] Step step(const Expired& expired);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t inodes() const { return inodes_; }  // Directories too.
  // Directories that could not be read, or lie too deep; the sums are then too small.
  [[nodiscard]] std::uint64_t denied() const { return denied_; }

 private:
  // A directory being read, one below the other.
  struct Frame {
    Fd fd;  // Closed in the middle of a deep path and opened again.
    std::uint64_t inode = 0;
    std::int64_t position = 0;                // Where to go on reading, if it was closed.
    std::vector<std::string> subdirectories;  // Of the part read last; not yet entered.
  };

  [[nodiscard]] bool read_more(Frame& frame);
  void count_entry(const Frame& frame, std::size_t offset);
  void enter(const std::string& name);
  void leave();
  [[nodiscard]] static bool reopen(Frame& frame, const Fd& below);
  void count(std::uint64_t blocks) { bytes_ += blocks * 512; }

  std::vector<Frame> frames_;
  std::vector<char> buffer_;       // Directory entries of the last frame ...
  std::size_t used_ = 0;           // ... so many bytes of them ...
  std::size_t next_ = 0;           // ... and the next one to look at.
  std::size_t pending_bytes_ = 0;  // Names in `subdirectories`.
  std::uint64_t device_ = 0;
  std::unordered_set<std::uint64_t> linked_;  // Inodes with several names, seen.
  std::uint64_t bytes_ = 0, inodes_ = 0, denied_ = 0;
};

}  // namespace plimsoll::exporter
