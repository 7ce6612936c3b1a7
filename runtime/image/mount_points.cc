#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "runtime/image/roots.h"

namespace plimsoll::image {

namespace {

enum class Kind : std::uint8_t { kFile, kDirectory, kLink };

struct MountPoint {
  const char* directory;
  const char* name;
  Kind kind;
};

constexpr std::array kMountPoints = {
    MountPoint{"", "proc", Kind::kDirectory},   MountPoint{"", "sys", Kind::kDirectory},
    MountPoint{"", ".dockerenv", Kind::kFile},  MountPoint{"dev", "console", Kind::kFile},
    MountPoint{"dev", "pts", Kind::kDirectory}, MountPoint{"dev", "shm", Kind::kDirectory},
    MountPoint{"etc", "hostname", Kind::kFile}, MountPoint{"etc", "hosts", Kind::kFile},
    MountPoint{"etc", "mtab", Kind::kLink},     MountPoint{"etc", "resolv.conf", Kind::kFile}};

int make_one(int directory, const MountPoint& point) {
  switch (point.kind) {
    case Kind::kDirectory:
      return ::mkdirat(directory, point.name, 0755);
    case Kind::kLink:
      return ::symlinkat("/proc/mounts", directory, point.name);
    case Kind::kFile:
      break;
  }
  const Fd file(
      ::openat(directory, point.name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0755));
  return file ? ::fchmod(file.get(), 0755) : -1;
}

}  // namespace

Result<> make_mount_points(const DirFd& root) {
  for (const MountPoint& point : kMountPoints) {
    const bool is_top = *point.directory == '\0';
    if (!is_top && ::mkdirat(root.get(), point.directory, 0755) != 0 && errno != EEXIST)
      return os_failure("mkdirat", point.directory);
    const Fd directory(::openat(root.get(), is_top ? "." : point.directory,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory && (errno == ELOOP || errno == ENOTDIR)) continue;
    if (!directory) return os_failure("openat", point.directory);
    if (make_one(directory.get(), point) != 0 && errno != EEXIST)
      return os_failure("make", point.name);
  }
  return {};
}

}  // namespace plimsoll::image
