#include "base/fd.h"

#include <unistd.h>

namespace plimsoll {

void Fd::reset() noexcept {
  if (fd_ < 0) return;
  const int saved = errno;  // A destructor must not change what a caller is about to report.
  ::close(std::exchange(fd_, -1));
  errno = saved;
}

Result<Fd> open_at(const DirFd& dir, const char* name, int flags) {
  int fd = -1;
  do {
    fd = ::openat(dir.get(), name, flags | O_CLOEXEC | O_NOFOLLOW);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return os_failure("openat", name);
  return Fd(fd);
}

Result<DirFd> open_dir(const char* path) {
  const int fd = ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  return DirFd(fd);
}

Result<DirFd> open_dir_at(const DirFd& dir, const char* name) {
  const int fd = ::openat(dir.get(), name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return os_failure("openat", name);
  return DirFd(fd);
}

Result<HostRoots> open_roots(const char* cgroup, const char* proc, const char* sys) {
  DirFd cgroup_dir = PLIMSOLL_TRY(open_dir(cgroup));
  DirFd proc_dir = PLIMSOLL_TRY(open_dir(proc));
  DirFd sys_dir = PLIMSOLL_TRY(open_dir(sys));
  return HostRoots{std::move(cgroup_dir), std::move(proc_dir), std::move(sys_dir)};
}

}  // namespace plimsoll
