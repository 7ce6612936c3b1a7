// Where containers are written down: one directory for each below a root, so that whoever comes
// next finds them, whatever became of who made them.
//
// A container's directory appears under its id complete with its lock held, or not at all; every
// file in it is the old one or the new one. What was half made when its maker died lies under a
// name that is no id, and the next create() removes it. Thread: a Directory is one thread's; two of
// the same id exclude each other, in all processes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::state {

// What a write must survive before it returns.
enum class Durability : std::uint8_t {
  kProcess,  // The death of every process: enough on a tmpfs, which a power cut empties anyway.
  kMachine   // A power cut: fsync of the file and of its directory.
};

// runc's grammar: 1 to 1024 of letters, digits and "_+-.", but not "." and "..".
[[nodiscard]] Result<> check_id(std::string_view id);

// A container's directory, locked (flock) as long as this object lives.
class Directory {
 public:
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const DirFd& fd() const { return fd_; }

  // Replaces the file, 0600.
  [[nodiscard]] Result<> write(const char* name, std::string_view text) const;
  // kNotOffered: there is none.
  [[nodiscard]] Result<std::string> read(const char* name) const;
  // With a checksum, which read_sealed() verifies: kMalformed names the file.
  [[nodiscard]] Result<> write_sealed(const char* name, std::string_view text) const;
  [[nodiscard]] Result<std::string> read_sealed(const char* name) const;

  // Postcondition: the id is free. Done again, it is done.
  [[nodiscard]] Result<> remove() const;

 private:
  friend class Store;
  [[nodiscard]] Result<> put_in_place(const std::string& temporary, const char* name) const;
  Directory(std::string id, DirFd root, DirFd fd, Durability durability)
      : id_(std::move(id)), root_(std::move(root)), fd_(std::move(fd)), durability_(durability) {}

  std::string id_;
  DirFd root_;
  DirFd fd_;
  Durability durability_;
};

class Store {
 public:
  // Makes the root (its parents, too) if need be. 0700 and ours, or kDenied: what stands in it is
  // obeyed by root.
  [[nodiscard]] static Result<Store> open(const std::string& path, Durability durability);

  [[nodiscard]] const DirFd& root() const { return root_; }

  // kBusy: the id is taken.
  [[nodiscard]] Result<Directory> create(const std::string& id) const;
  // Waits for the lock. kGone: there is no such container, or there is none any more.
  [[nodiscard]] Result<Directory> find(const std::string& id) const;
  // Sorted.
  [[nodiscard]] Result<std::vector<std::string>> list() const;

 private:
  Store(DirFd root, Durability durability) : root_(std::move(root)), durability_(durability) {}
  void sweep() const;

  DirFd root_;
  Durability durability_;
};

}  // namespace plimsoll::state
