#include "cgroupfs/tree/directory.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace plimsoll::cgroupfs {
namespace {

WallTime to_wall(const timespec& time) {
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

WallTime earlier_of_times(const struct stat& st) {
  return std::min(to_wall(st.st_mtim), to_wall(st.st_ctim));
}

}  // namespace

Result<DirectoryFacts> look_at(const DirFd& parent, const char* name) {
  struct stat st{};
  if (::fstatat(parent.get(), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return os_failure("fstatat", name);
  if (!S_ISDIR(st.st_mode)) return os_failure("fstatat", name, ENOTDIR);
  return DirectoryFacts{st.st_ino, st.st_nlink, earlier_of_times(st)};
}

std::optional<WallTime> file_birth(const DirFd& parent, const char* name) {
  struct stat st{};
  if (::fstatat(parent.get(), name, &st, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return earlier_of_times(st);
}

Links links_of(const DirFd& dir) {
  struct statfs fs{};
  if (::fstatfs(dir.get(), &fs) != 0) return Links::kMeaningless;
  return fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC
             ? Links::kCountDirectories
             : Links::kMeaningless;
}

// struct linux_dirent64 (getdents(2)): d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name.
std::optional<DirectoryEntry> next_entry(std::string_view& buffer) {
  constexpr std::size_t kLength = 16;
  constexpr std::size_t kType = 18;
  constexpr std::size_t kName = 19;
  if (buffer.size() <= kName) return std::nullopt;
  std::uint16_t length = 0;
  std::memcpy(&length, buffer.data() + kLength, sizeof length);
  if (length <= kName || length > buffer.size()) return std::nullopt;
  std::string_view name = buffer.substr(kName, length - kName);
  name = name.substr(0, name.find('\0'));
  const DirectoryEntry entry{name, static_cast<unsigned char>(buffer[kType])};
  buffer.remove_prefix(length);
  return entry;
}

bool is_subdirectory(const DirFd& dir, const DirectoryEntry& entry) {
  if (entry.type != DT_DIR && entry.type != DT_UNKNOWN) return false;
  if (entry.name == "." || entry.name == "..") return false;
  return entry.type == DT_DIR || look_at(dir, std::string(entry.name).c_str()).has_value();
}

Result<Listing> list_directories(const DirFd& parent, const char* name,
                                 std::optional<std::size_t> expected) {
  const int fd = ::openat(parent.get(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return os_failure("openat", name);
  Listing listing{DirFd(fd), {}};
  std::array<char, 16384> buffer{};
  while (!expected || listing.names.size() < *expected) {
    const long got = ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size());
    if (got < 0) return os_failure("getdents64", name);
    if (got == 0) break;
    std::string_view rest(buffer.data(), static_cast<std::size_t>(got));
    while (const auto entry = next_entry(rest))
      if (is_subdirectory(listing.dir, *entry)) listing.names.emplace_back(entry->name);
  }
  return listing;
}

}  // namespace plimsoll::cgroupfs
