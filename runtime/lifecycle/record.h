// What is written down about a container: one directory below the root, 0700, with the record, a
// copy of its configuration, and the socket its process waits on.
//
// Thread: a Container holds its lock (flock) as long as it lives; two of the same id exclude each
// other, in other processes too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/cgroup/container_cgroup.h"

namespace plimsoll::runtime {

struct Record {
  std::string id;
  std::string bundle;
  std::string oci_version;
  std::int64_t created = 0;  // Nanoseconds since 1970.
  pid_t pid = 0;             // 0: none yet, or none came to be.
  std::uint64_t start_ticks = 0;
  std::string rootfs;
  CgroupRecord cgroup;
};

[[nodiscard]] std::string encode(const Record& record);
[[nodiscard]] Result<Record> decode_record(std::string_view text);

// runc's: letters, digits and "_+-." ; not "." and "..".
[[nodiscard]] Result<> check_id(std::string_view id);

class Directory {
 public:
  // Made, or found and locked. kBusy from make(): the id is taken; kGone from open(): it is not.
  [[nodiscard]] static Result<Directory> make(const DirFd& root, const std::string& id);
  [[nodiscard]] static Result<Directory> open(const DirFd& root, const std::string& id);

  [[nodiscard]] const DirFd& fd() const { return fd_; }
  [[nodiscard]] Result<> write(const char* name, std::string_view text) const;
  [[nodiscard]] Result<std::string> read(const char* name) const;
  // The directory and what is in it.
  [[nodiscard]] Result<> remove(const DirFd& root, const std::string& id) const;

 private:
  DirFd fd_;
};

// Made if need be. 0700: what lies in it names files and pids that others must not steer.
[[nodiscard]] Result<DirFd> open_state_root(const std::string& path);
[[nodiscard]] Result<std::vector<std::string>> list_ids(const DirFd& root);

}  // namespace plimsoll::runtime
