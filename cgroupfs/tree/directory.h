// What the walker asks of one directory, relative to an open parent: identity, birth,
// sub-directories. Nothing here keeps a descriptor open but a Listing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace plimsoll::cgroupfs {

struct DirectoryFacts {
  std::uint64_t inode = 0;
  std::uint64_t links = 0;  // kernfs: number of sub-directories + 2.
  WallTime born;            // The earlier of mtime and ctime.
};

// kNotOffered when there is no directory of that name (a symlink is none). `name` may have several
// components.
[[nodiscard]] Result<DirectoryFacts> look_at(const DirFd& parent, const char* name);

// Nothing of that name, as opposed to something that could not be asked.
[[nodiscard]] inline bool is_gone(const Error& error) {
  return error.kind == ErrorKind::kGone || error.kind == ErrorKind::kNotOffered;
}

// The earlier of mtime and ctime of a file; nothing when it cannot be asked.
[[nodiscard]] std::optional<WallTime> file_birth(const DirFd& parent, const char* name);

// cgroup and cgroup2 keep the number of sub-directories in st_nlink, so that a leaf need not be
// listed. Other file systems (a recorded tree on btrfs or overlayfs) say 1 or anything.
enum class Links : std::uint8_t { kCountDirectories, kMeaningless };
[[nodiscard]] Links links_of(const DirFd& dir);

struct Listing {
  DirFd dir;                       // Open for *at calls on the names.
  std::vector<std::string> names;  // Sub-directories, in the kernel's order, no symlinks.
};
// Stops reading as soon as `expected` names are found, when that is known.
[[nodiscard]] Result<Listing> list_directories(const DirFd& parent, const char* name,
                                               std::optional<std::size_t> expected = {});

// One entry of a getdents64 buffer; `type` is DT_UNKNOWN where the file system does not say.
struct DirectoryEntry {
  std::string_view name;
  unsigned char type = 0;
};
// Takes the next entry off `buffer`; nothing at the end or when the rest is no entry. Pure.
[[nodiscard]] std::optional<DirectoryEntry> next_entry(std::string_view& buffer);
// Asks the kernel when the entry does not say. "." and ".." are no sub-directories.
[[nodiscard]] bool is_subdirectory(const DirFd& dir, const DirectoryEntry& entry);

}  // namespace plimsoll::cgroupfs
