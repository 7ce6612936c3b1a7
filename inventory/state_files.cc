#include "inventory/state_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/open_in_root.h"

namespace plimsoll::inventory {

namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::uint64_t version_of(const struct stat& status) {
  std::uint64_t mixed = 0;
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
        static_cast<std::uint64_t>(nanoseconds(status.st_mtim)),
        static_cast<std::uint64_t>(nanoseconds(status.st_ctim))})
    mixed = (mixed ^ part) * 0x9e3779b97f4a7c15ULL + (mixed >> 29);
  return mixed;
}

// A path through a file ("not a directory") is as absent as one through nothing.
Failure open_failure(const std::string& path, int os_error) {
  Failure failed = os_failure("open", path, os_error);
  if (os_error == ENOTDIR || os_error == ELOOP) failed.error().kind = ErrorKind::kNotOffered;
  return failed;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

Result<Fd> StateFiles::open(const std::string& path, int flags) {
  if (host_root_.empty()) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    const int os_error = errno;
    if (fd < 0) return open_failure(path, os_error);
    return Fd(fd);
  }
  if (!root_) root_ = PLIMSOLL_TRY(open_dir(host_root_.c_str()));
  // /host/var/run -> /run must not leave /host.
  Result<Fd> opened = open_in_root(root_, path, flags);
  if (!opened) return open_failure(host_root_ + path, opened.error().os_error);
  return opened;
}

Result<StateFile> StateFiles::read(const std::string& path, std::size_t max_bytes) {
  ++reads_;
  // O_NONBLOCK: opening a FIFO would wait for its writer, for ever.
  const Fd fd = PLIMSOLL_TRY(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return os_failure("fstat", path);
  if (!S_ISREG(status.st_mode))
    return failure(ErrorKind::kRejected, "open", path + ": not a regular file");
  StateFile file;
  file.modified = WallTime(std::chrono::nanoseconds(nanoseconds(status.st_mtim)));
  file.version = version_of(status);
  char chunk[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", path);
    if (n == 0) return file;
    if (file.text.size() + static_cast<std::size_t>(n) > max_bytes)
      return failure(ErrorKind::kRejected, "read",
                     path + ": larger than " + std::to_string(max_bytes) + " bytes");
    file.text.append(chunk, static_cast<std::size_t>(n));
  }
}

Result<std::uint64_t> StateFiles::version(const std::string& path) {
  ++checks_;
  struct stat status{};
  if (host_root_.empty()) {
    const int failed = ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    const int os_error = errno;
    if (failed != 0) return open_failure(path, os_error);
    return version_of(status);
  }
  const Fd fd = PLIMSOLL_TRY(open(path, O_PATH | O_NOFOLLOW));
  if (::fstat(fd.get(), &status) != 0) return os_failure("fstat", path);
  return version_of(status);
}

bool StateFiles::exists(const std::string& path) {
  ++checks_;
  return open(path, O_PATH).has_value();
}

Result<std::vector<std::string>> StateFiles::list(const std::string& path) {
  ++reads_;
  Fd fd = PLIMSOLL_TRY(open(path, O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd.get()));
  if (!dir) return os_failure("fdopendir", path);
  static_cast<void>(fd.release());  // The stream closes it.
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace plimsoll::inventory
