#include "bench/oci_process.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace plimsoll::bench {
namespace {

constexpr int kSyscallStop = SIGTRAP | 0x80;

[[noreturn]] void become(const std::vector<std::string>& words) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  // execv takes what it never writes to.
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

// What to pass on to a tracee that stopped: signals, but not the stops of tracing itself.
long signal_for(int status) {
  const int stop = WSTOPSIG(status);
  const bool event = status >> 16 != 0;
  return event || stop == kSyscallStop || stop == SIGSTOP || stop == SIGTRAP ? 0 : stop;
}

}  // namespace

Ran run_child(const std::function<int()>& body) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  Ran ran;
  rusage usage{};
  ::wait4(child, &ran.status, 0, &usage);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  ran.milliseconds = took.count();
  ran.peak_kib = usage.ru_maxrss;
  return ran;
}

Ran run_program(const std::vector<std::string>& words) {
  return run_child([&]() -> int { become(words); });
}

std::optional<std::size_t> syscalls_of(const std::vector<std::string>& words) {
  const pid_t first = ::fork();
  if (first < 0) return std::nullopt;
  if (first == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    ::raise(SIGSTOP);
    become(words);
  }
  int status = 0;
  constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                            PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::waitpid(first, &status, 0) != first || !WIFSTOPPED(status) ||
      ::ptrace(PTRACE_SETOPTIONS, first, nullptr, kOptions) != 0)
    return std::nullopt;
  std::size_t stops = 0;
  bool failed = false;
  ::ptrace(PTRACE_SYSCALL, first, nullptr, 0);
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFSTOPPED(status)) {
      stops += WSTOPSIG(status) == kSyscallStop ? 1 : 0;
      ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal_for(status));
    } else if (pid == first) {
      failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
  }
  if (failed) return std::nullopt;
  return stops / 2;  // One on the way in, one on the way out.
}

}  // namespace plimsoll::bench
