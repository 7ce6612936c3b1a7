// Where users keep the state of their rootless containers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "inventory/state_files.h"

namespace plimsoll::inventory {

struct User {
  std::uint32_t uid = 0;
  std::string home;
  bool operator==(const User&) const = default;
};
// "name:x:1000:1000:comment:/home/name:/bin/sh" per line; lines of another shape are skipped.
// Pure.
[[nodiscard]] std::vector<User> parse_passwd(std::string_view text);

// Is the longest mount point above `path` one of a file system that can make us wait for a server
// (NFS, CIFS, FUSE, autofs ...)? `mountinfo` as in /proc/self/mountinfo. Pure.
[[nodiscard]] bool is_remote(std::string_view mountinfo, std::string_view path);

// Homes on a network are never touched: a server that does not answer would stop the sampler.
class Homes {
 public:
  Homes(std::string passwd, StateFiles& files, const DirFd& proc)
      : passwd_(std::move(passwd)), files_(files), proc_(proc) {}

  [[nodiscard]] std::optional<std::string> of(std::uint32_t uid);
  // Of people, not of system users: uid 1000 and up; at most 256.
  [[nodiscard]] std::vector<User> all();

 private:
  void refresh();
  [[nodiscard]] std::string mountinfo() const;
  [[nodiscard]] bool is_local(std::string_view mountinfo, const std::string& home) const;

  std::string passwd_;
  StateFiles& files_;
  const DirFd& proc_;
  std::uint64_t version_ = 0;
  std::vector<User> users_;
};

}  // namespace plimsoll::inventory
