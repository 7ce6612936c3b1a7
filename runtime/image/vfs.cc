#include "runtime/image/vfs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/image/disk.h"

namespace plimsoll::image {

namespace {

constexpr std::size_t kMostNames = std::size_t{64} << 10U;  // The kernel's own limits.
constexpr std::size_t kMostValue = std::size_t{64} << 10U;
constexpr std::string_view kOverlay = "trusted.overlay.";

Result<> copy_attributes(const Fd& from, const Fd& to) {
  std::vector<char> names(kMostNames);
  const ssize_t size = ::flistxattr(from.get(), names.data(), names.size());
  if (size < 0 && errno == EOPNOTSUPP) return {};
  if (size < 0) return os_failure("flistxattr", "");
  std::string_view rest(names.data(), static_cast<std::size_t>(size));
  std::vector<char> value(kMostValue);
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name.starts_with(kOverlay)) continue;
    const ssize_t n = ::fgetxattr(from.get(), name.c_str(), value.data(), value.size());
    if (n < 0) return os_failure("fgetxattr", name);
    if (::fsetxattr(to.get(), name.c_str(), value.data(), static_cast<std::size_t>(n), 0) != 0 &&
        errno != EOPNOTSUPP)
      return os_failure("fsetxattr", name);
  }
  return {};
}

Result<> copy_data(const Fd& from, const Fd& to, off_t size) {
  if (::ioctl(to.get(), FICLONE, from.get()) == 0) return {};
  // Holes stay holes: a sparse file may be larger than the disk.
  for (off_t at = 0; at < size;) {
    off_t data = ::lseek(from.get(), at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) return os_failure("lseek", "");
    const off_t hole = ::lseek(from.get(), data, SEEK_HOLE);
    if (hole < 0) return os_failure("lseek", "");
    off_t target = data;
    while (data < hole) {
      const ssize_t n = ::copy_file_range(from.get(), &data, to.get(), &target,
                                          static_cast<std::size_t>(hole - data), 0);
      if (n < 0) return os_failure("copy_file_range", "");
      if (n == 0) break;
    }
    at = hole;
  }
  if (::ftruncate(to.get(), size) != 0) return os_failure("ftruncate", "");
  return {};
}

class Copier {
 public:
  Result<> directory(const DirFd& from, const DirFd& to) {
    const std::vector<std::string> names = PLIMSOLL_TRY(names_in(from));
    for (const std::string& name : names) PLIMSOLL_TRY(in(name, entry(from, to, name)));
    struct stat status{};
    if (::fstat(from.get(), &status) != 0) return os_failure("fstat", "");
    return finish(from, to, status);
  }

 private:
  Result<> entry(const DirFd& from, const DirFd& to, const std::string& name) {
    struct stat status{};
    if (::fstatat(from.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fstatat", "");
    if (S_ISDIR(status.st_mode)) return below(from, to, name);
    PLIMSOLL_TRY(remove_tree(to, name));
    if (S_ISCHR(status.st_mode) && status.st_rdev == 0) return {};
    if (status.st_nlink > 1) {
      const auto key = std::pair(status.st_dev, status.st_ino);
      const auto known = linked_.find(key);
      if (known != linked_.end()) {
        const std::string path = "/proc/self/fd/" + std::to_string(known->second.get());
        if (::linkat(AT_FDCWD, path.c_str(), to.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0)
          return {};
        return os_failure("linkat", "");
      }
    }
    if (S_ISREG(status.st_mode)) {
      PLIMSOLL_TRY(file(from, to, name, status));
    } else {
      PLIMSOLL_TRY(special(from, to, name, status));
    }
    if (status.st_nlink > 1) {
      Fd made(::openat(to.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!made) return os_failure("openat", "");
      linked_.emplace(std::pair(status.st_dev, status.st_ino), std::move(made));
    }
    return {};
  }

  Result<> below(const DirFd& from, const DirFd& to, const std::string& name) {
    const DirFd source(
        ::openat(from.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return os_failure("openat", "");
    struct stat there{};
    const bool exists = ::fstatat(to.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && (!S_ISDIR(there.st_mode) || is_opaque(source)))
      PLIMSOLL_TRY(remove_tree(to, name));
    if (::mkdirat(to.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
      return os_failure("mkdirat", "");
    const DirFd target(
        ::openat(to.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target) return os_failure("openat", "");
    return directory(source, target);
  }

  static Result<> file(const DirFd& from, const DirFd& to, const std::string& name,
                       const struct stat& status) {
    const Fd source(::openat(from.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return os_failure("openat", "");
    const Fd target(::openat(to.get(), name.c_str(),
                             O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) return os_failure("openat", "");
    PLIMSOLL_TRY(copy_data(source, target, status.st_size));
    return finish(source, target, status);
  }

  static Result<> special(const DirFd& from, const DirFd& to, const std::string& name,
                          const struct stat& status) {
    if (S_ISLNK(status.st_mode)) {
      const std::string target = PLIMSOLL_TRY(read_link(from, name));
      if (::symlinkat(target.c_str(), to.get(), name.c_str()) != 0)
        return os_failure("symlinkat", "");
    } else if (::mknodat(to.get(), name.c_str(), status.st_mode, status.st_rdev) != 0) {
      return os_failure("mknodat", "");
    }
    if (::fchownat(to.get(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fchownat", "");
    if (!S_ISLNK(status.st_mode) &&
        ::fchmodat(to.get(), name.c_str(), status.st_mode & 07777U, 0) != 0)
      return os_failure("fchmodat", "");
    const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
    if (::utimensat(to.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("utimensat", "");
    return {};
  }

  // chown clears set-id bits and capabilities: those come after it.
  static Result<> finish(const Fd& from, const Fd& to, const struct stat& status) {
    if (::fchown(to.get(), status.st_uid, status.st_gid) != 0) return os_failure("fchown", "");
    if (::fchmod(to.get(), status.st_mode & 07777U) != 0) return os_failure("fchmod", "");
    PLIMSOLL_TRY(copy_attributes(from, to));
    const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
    if (::futimens(to.get(), times.data()) != 0) return os_failure("futimens", "");
    return {};
  }

  std::map<std::pair<dev_t, ino_t>, Fd> linked_;
};

}  // namespace

bool is_opaque(const DirFd& directory) {
  char value = 0;
  return ::fgetxattr(directory.get(), "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

Result<> copy_over(const DirFd& from, const DirFd& to) {
  return Copier().directory(from, to);
}

}  // namespace plimsoll::image
