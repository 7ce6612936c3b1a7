// System calls and constants that glibc 2.36 has no wrapper or no name for. Each returns -1 and
// errno, as the kernel's own.
#pragma once

#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace plimsoll::runtime {

inline constexpr std::uint64_t kMountAttrNoSymFollow = 0x00200000;  // Linux 5.14
inline constexpr std::uint64_t kNewTime = 0x00000080;               // CLONE_NEWTIME

inline int openat2(int dir, const char* path, std::uint64_t flags, std::uint64_t resolve,
                   std::uint64_t mode = 0) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, dir, path, &how, sizeof how);
    // EAGAIN: something was renamed while "..", below a root, was resolved.
    if (fd >= 0 || errno != EAGAIN || attempt > 100) return static_cast<int>(fd);
  }
}

inline pid_t clone3(clone_args& arguments) {
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

inline int pidfd_open(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

inline int pidfd_send_signal(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace plimsoll::runtime
