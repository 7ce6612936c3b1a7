#include "exporter/collect/in_root.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace plimsoll::exporter {

Result<Fd> open_in_root(const DirFd& root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) return Fd(static_cast<int>(fd));
  // EPERM: a container's seccomp filter that is older than the call.
  if (errno != ENOSYS && errno != EPERM) return os_failure("openat2", path);
  const std::size_t start = path.find_first_not_of('/');
  return open_at(root, start == std::string::npos ? "." : path.c_str() + start, flags);
}

}  // namespace plimsoll::exporter
