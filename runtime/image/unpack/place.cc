#include "runtime/image/unpack/place.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string_view>

#include "base/open_in_root.h"
#include "runtime/image/unpack/names.h"

namespace plimsoll::image::unpack {

namespace {

Result<DirFd> duplicate(const Fd& fd) {
  DirFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return os_failure("fcntl", "a directory");
  return copy;
}

bool may_have(std::string_view name) {
  return name == "security.capability" ||
         (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

}  // namespace

Result<DirFd> Place::existing(const std::string& directory) const {
  Fd found =
      PLIMSOLL_TRY(open_in_root(root_, directory.empty() ? "." : directory, O_PATH | O_DIRECTORY));
  return DirFd(found.release());
}

Result<DirFd> Place::parent(const std::string& path) {
  const std::string directory = split(path).directory;
  if (last_ && last_path_ == directory) return duplicate(last_);
  Result<DirFd> found = existing(directory);
  if (!found && found.error().os_error == ENOENT && !directory.empty()) {
    const DirFd above = PLIMSOLL_TRY(parent(directory));
    // EEXIST: a link that leads nowhere; the second look-up says so.
    if (::mkdirat(above.get(), split(directory).name.c_str(), 0755) != 0 && errno != EEXIST)
      return os_failure("mkdirat", directory);
    found = existing(directory);
  }
  if (!found) return found;
  const DirFd copy = PLIMSOLL_TRY(duplicate(*found));
  last_ = Fd(::fcntl(copy.get(), F_DUPFD_CLOEXEC, 0));
  last_path_ = directory;
  return found;
}

Result<DirFd> Place::open_real(const std::string& path) const {
  const DirFd directory = PLIMSOLL_TRY(existing(split(path).directory));
  const std::string name = path.empty() ? "." : split(path).name;
  DirFd found(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!found) return os_failure("openat", path);
  return found;
}

Result<> Place::check_directory(const std::string& path) const {
  PLIMSOLL_TRY(existing(path));
  return {};
}

Result<std::optional<struct stat>> stat_at(const DirFd& parent, const std::string& name) {
  struct stat status{};
  if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    return std::optional(status);
  if (errno == ENOENT) return std::optional<struct stat>();
  return os_failure("fstatat", shown(name));
}

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

Result<Owner> owner_in(archive_entry* entry) {
  constexpr la_int64_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
  const la_int64_t uid = ::archive_entry_uid(entry);
  const la_int64_t gid = ::archive_entry_gid(entry);
  if (uid < 0 || uid > kMost || gid < 0 || gid > kMost)
    return invalid_input("unpack", "an owner that is no user or group");
  return Owner{static_cast<std::uint32_t>(uid), static_cast<std::uint32_t>(gid)};
}

std::array<timespec, 2> times_of(archive_entry* entry) {
  constexpr long kSecond = 1'000'000'000;
  timespec time{::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)};
  if (time.tv_nsec < 0 || time.tv_nsec >= kSecond) time.tv_nsec = 0;
  return {time, time};
}

Result<> set_times(const DirFd& parent, const std::string& name,
                   const std::array<timespec, 2>& times) {
  if (::utimensat(parent.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    return os_failure("utimensat", name);
  return {};
}

Result<> set_attributes(archive_entry* entry, const Fd& file, const Limits& limits) {
  ::archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  std::uint64_t total = 0;
  while (::archive_entry_xattr_next(entry, &name, &value, &size) == 0) {
    if (name == nullptr || !may_have(name)) continue;
    total += size;
    if (total > limits.attribute_bytes)
      return invalid_input("unpack", "more than " + std::to_string(limits.attribute_bytes) +
                                         " bytes of extended attributes");
    if (::fsetxattr(file.get(), name, value, size, 0) != 0 && errno != EOPNOTSUPP)
      return os_failure("fsetxattr", shown(name));
  }
  return {};
}

}  // namespace plimsoll::image::unpack
