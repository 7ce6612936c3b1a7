#include "runtime/oci/victim.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "base/fd.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::oci {

namespace {

using Clock = std::chrono::steady_clock;

std::chrono::microseconds since(Clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
}

enum class Traced : bool { kNo, kYes };
// `output`: -1 for nowhere.
pid_t spawn(const Words& words, int output, Traced traced) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, 0);
  ::dup2(output < 0 ? nowhere : output, 1);
  ::dup2(output < 0 ? nowhere : output, 2);
  if (traced == Traced::kYes) ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Reaps all that ends meanwhile: a zombie of ours in a container's pid namespace keeps its first
// process from ending.
int wait_for(pid_t pid) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == pid) return status;
    if (ended < 0 && errno != EINTR) return 0;
  }
}

bool is_killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

Ended run(const Words& words) {
  const auto begun = Clock::now();
  const Fd output(::memfd_create("output", MFD_CLOEXEC));
  Ended ended;
  ended.code = code_of(wait_for(spawn(words, output.get(), Traced::kNo)));
  ended.took = since(begun);
  std::array<char, 1 << 16> text{};
  const ssize_t n = ::pread(output.get(), text.data(), text.size(), 0);
  if (n > 0) ended.output.assign(text.data(), static_cast<std::size_t>(n));
  return ended;
}

Ended kill_after(const Words& words, std::chrono::microseconds delay) {
  const auto begun = Clock::now();
  const pid_t pid = spawn(words, -1, Traced::kNo);
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const auto left = delay - since(begun);
  if (left.count() > 0) {
    const timespec time{left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
    pollfd until{pidfd.get(), POLLIN, 0};
    ::ppoll(&until, 1, &time, nullptr);
  }
  ::kill(pid, SIGKILL);
  const int status = wait_for(pid);
  return {.killed = is_killed(status), .code = code_of(status), .took = since(begun), .output = {}};
}

Ended kill_at_call(const Words& words, long n) {
  const auto begun = Clock::now();
  const pid_t pid = spawn(words, -1, Traced::kYes);
  Ended ended;
  int status = wait_for(pid);  // Its exec.
  if (WIFSTOPPED(status))
    ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  int signal = 0;
  while (WIFSTOPPED(status)) {
    if (ended.calls >= n) {
      ::kill(pid, SIGKILL);
    } else {
      ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
    }
    status = wait_for(pid);
    if (!WIFSTOPPED(status)) break;
    const int stop = WSTOPSIG(status);
    if (stop == (SIGTRAP | 0x80)) ++ended.calls;
    // SIGTRAP alone is an exec; all else is meant for it.
    signal = stop == (SIGTRAP | 0x80) || stop == SIGTRAP ? 0 : stop;
  }
  ended.killed = is_killed(status);
  ended.code = code_of(status);
  ended.took = since(begun);
  return ended;
}

std::vector<pid_t> children_left() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  std::vector<pid_t> left;
  const std::string thread = std::to_string(::gettid());
  const auto self = open_dir(("/proc/self/task/" + thread).c_str());
  const auto text = self ? read_file_at(*self, "children") : std::unexpected(self.error());
  std::string_view rest = text ? std::string_view(*text) : std::string_view("0");
  for (std::string_view word; next_word(rest, word);)
    left.push_back(to_number<pid_t>(word).value_or(0));
  return left;
}

}  // namespace plimsoll::oci
