// Where entries go, and what of an entry goes onto a file.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "runtime/image/unpack/limits.h"

struct archive_entry;

namespace plimsoll::image::unpack {

// Directories of a tree, found by paths that clean() made. Links on the way are followed inside the
// root, as whoever lives in it would.
class Place {
 public:
  explicit Place(const DirFd& root) : root_(root) {}

  // The directory that holds `path`; what is missing of it is made.
  [[nodiscard]] Result<DirFd> parent(const std::string& path);
  [[nodiscard]] Result<DirFd> existing(const std::string& directory) const;
  // The directory itself, for reading; a link in its place is none.
  [[nodiscard]] Result<DirFd> open_real(const std::string& path) const;
  [[nodiscard]] Result<> check_directory(const std::string& path) const;
  // Something was removed: what was looked up may be it.
  void forget() { last_.reset(); }

 private:
  const DirFd& root_;
  std::string last_path_;
  Fd last_;  // Entries of one directory follow each other.
};

[[nodiscard]] Result<std::optional<struct stat>> stat_at(const DirFd& parent,
                                                         const std::string& name);
[[nodiscard]] bool is_whiteout(const struct stat& status);

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
[[nodiscard]] Result<Owner> owner_in(archive_entry* entry);
[[nodiscard]] std::array<timespec, 2> times_of(archive_entry* entry);
[[nodiscard]] Result<> set_times(const DirFd& parent, const std::string& name,
                                 const std::array<timespec, 2>& times);
// user.* and security.capability. Others mean something to this host and not to the image's:
// trusted.overlay.* would make overlayfs lie, labels belong to the policy here.
[[nodiscard]] Result<> set_attributes(archive_entry* entry, const Fd& file, const Limits& limits);

}  // namespace plimsoll::image::unpack
