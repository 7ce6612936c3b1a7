#include "agent/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace plimsoll::agent {

Result<Fd> block_signals(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  if (const int failed = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); failed != 0)
    return os_failure("pthread_sigmask", "the signals that end the program", failed);
  std::signal(SIGPIPE, SIG_IGN);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC);
  if (fd < 0) return os_failure("signalfd", "the signals that end the program");
  return Fd(fd);
}

int next_signal(const Fd& signals) {
  for (;;) {
    signalfd_siginfo info{};
    const ssize_t n = ::read(signals.get(), &info, sizeof info);
    if (n == static_cast<ssize_t>(sizeof info)) return static_cast<int>(info.ssi_signo);
    if (n >= 0 || errno != EINTR) return 0;
  }
}

}  // namespace plimsoll::agent
