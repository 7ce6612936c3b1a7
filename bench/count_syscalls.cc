#include "bench/count_syscalls.h"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace plimsoll::bench {

namespace {

// With PTRACE_O_TRACESYSGOOD a stop at a system call differs from a SIGTRAP.
constexpr int kSyscallStop = SIGTRAP | 0x80;

int next_stop(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 0;
  return WSTOPSIG(status);
}

// Between the child's two SIGSTOPs, those of raising the second one included.
std::optional<std::size_t> count_between(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    ::raise(SIGSTOP);
    work();
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  std::optional<std::size_t> calls;
  if (next_stop(child) == SIGSTOP &&
      ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD) == 0) {
    std::size_t stops = 0;
    int stop = kSyscallStop;
    while (stop == kSyscallStop && ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0) {
      stop = next_stop(child);
      stops += stop == kSyscallStop ? 1 : 0;
    }
    if (stop == SIGSTOP) calls = stops / 2;  // One on the way in, one on the way out.
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return calls;
}

}  // namespace

std::optional<std::size_t> count_syscalls(const std::function<void()>& work) {
  const auto empty = count_between([] {});
  const auto calls = count_between(work);
  if (!empty || !calls || *calls < *empty) return std::nullopt;
  return *calls - *empty;
}

}  // namespace plimsoll::bench
