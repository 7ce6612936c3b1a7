// Runs plimsoll-unpack: archives are taken apart in a process of their own, which can reach nothing
// but the directory they go into (unpack/confine.h).
//
// Thread: any; each call blocks until its process has ended, and reaps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace plimsoll::image {

struct UnpackLimits {
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> entries;
  std::optional<std::uint64_t> ratio;
  std::optional<std::uint64_t> free_bytes;
};

struct Unpacked {
  std::string digest;               // Of the whole archive, decompressed.
  std::uint64_t bytes = 0;          // Of regular files.
  std::vector<std::string> opaque;  // kLayer: directories that hide what is below.
};

class Unpacker {
 public:
  explicit Unpacker(std::string program, UnpackLimits limits = {})
      : program_(std::move(program)), limits_(limits) {}
  // plimsoll-unpack where this program lies, or where packages put it.
  [[nodiscard]] static std::string default_program();

  // From the beginning of `archive`, which is read through a description of its own.
  // kInvalidInput: the archive is not what it should be; the subject is for people. What came out
  // of it until then stays: the caller removes the directory.
  [[nodiscard]] Result<Unpacked> layer(const Fd& archive, const DirFd& directory) const;
  [[nodiscard]] Result<Unpacked> files(const Fd& archive, const DirFd& directory) const;
  [[nodiscard]] Result<Unpacked> plain(const Fd& archive, const Fd& file) const;
  // `options` as the program has them.
  [[nodiscard]] Result<Unpacked> tree(const Fd& archive, const DirFd& root,
                                      std::vector<std::string> options) const;

 private:
  [[nodiscard]] Result<Unpacked> run(const char* mode, const Fd& archive, const Fd& target,
                                     std::vector<std::string> options) const;

  std::string program_;
  UnpackLimits limits_;
};

}  // namespace plimsoll::image
