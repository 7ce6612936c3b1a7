#include "control/store/own_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <utility>

#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::control {
namespace {

constexpr const char* kLock = "lock";

Result<> check_owner(const DirFd& dir, const std::string& path) {
  struct stat facts{};
  if (::fstat(dir.get(), &facts) != 0) return os_failure("fstat", path);
  if (facts.st_uid != ::geteuid())
    return failure(ErrorKind::kDenied, "open_state",
                   path + " belongs to uid " + std::to_string(facts.st_uid) + ", not to us");
  if ((facts.st_mode & 022U) != 0)
    return failure(ErrorKind::kDenied, "open_state",
                   path + " may be written by others than its owner: chmod go-w");
  return {};
}

Result<Fd> take_lock(const DirFd& dir, const std::string& path) {
  const int fd = ::openat(dir.get(), kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return os_failure("openat", path + "/lock");
  Fd lock(fd);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = std::to_string(::getpid()) + "\n";
    // Only for the message below, so its failure is none of the lock.
    if (::ftruncate(lock.get(), 0) == 0) std::ignore = ::write(lock.get(), pid.data(), pid.size());
    return lock;
  }
  if (errno != EWOULDBLOCK) return os_failure("flock", path + "/lock");
  const auto holder = read_file_at(dir, kLock, 64);
  return failure(ErrorKind::kBusy, "flock",
                 path + " is in use by the process " +
                     (holder ? std::string(trim(*holder)) : std::string("?")));
}

}  // namespace

Result<OwnDir> open_own_dir(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return os_failure("mkdir", path);
  // Not O_PATH: fsync of the directory needs it readable.
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  DirFd dir(fd);
  PLIMSOLL_TRY(check_owner(dir, path));
  Fd lock = PLIMSOLL_TRY(take_lock(dir, path));
  return OwnDir{std::move(dir), std::move(lock)};
}

}  // namespace plimsoll::control
