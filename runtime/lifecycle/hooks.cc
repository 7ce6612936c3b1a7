#include "runtime/lifecycle/hooks.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "base/fill_in.h"
#include "runtime/launch/act.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

// A file in memory instead of a pipe: a hook that never reads blocks nobody and raises no SIGPIPE.
Result<Fd> memory_file(const char* name) {
  const int fd = ::memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return os_failure("memfd_create", name);
  return Fd(fd);
}

std::string beginning_of(const Fd& file) {
  std::array<char, 4096> text{};
  const ssize_t n = ::pread(file.get(), text.data(), text.size(), 0);
  std::string words(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  while (words.ends_with('\n')) words.pop_back();
  return words;
}

[[noreturn]] void become_hook(const spec::Hook& hook, char* const* argv, char* const* envp,
                              const Fd& input, const Fd& output, HookPlace place) {
  if (place.entered >= 0 && ::setns(place.entered, static_cast<int>(place.flags)) != 0)
    ::_exit(126);
  if (::lseek(input.get(), 0, SEEK_SET) < 0 || ::dup2(input.get(), 0) < 0 ||
      ::dup2(output.get(), 1) < 0 || ::dup2(output.get(), 2) < 0)
    ::_exit(126);
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(hook.path.c_str(), argv, envp);
  const char* const why = ::strerror(errno);
  [[maybe_unused]] const ssize_t n = ::write(2, why, std::strlen(why));
  ::_exit(127);
}

Result<> run_hook(const spec::Hook& hook, const Fd& input, HookPlace place) {
  const Fd output = PLIMSOLL_TRY(memory_file("hook-output"));
  std::vector<char*> argv = pointers(hook.args);
  if (hook.args.empty()) argv.insert(argv.begin(), const_cast<char*>(hook.path.c_str()));
  const std::vector<char*> envp = pointers(hook.env);
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = clone3(arguments);
  if (pid < 0) return os_failure("clone3", hook.path);
  if (pid == 0) become_hook(hook, argv.data(), envp.data(), input, output, place);
  const Fd ended(pidfd);
  pollfd poll_for{pidfd, POLLIN, 0};
  const int limit = hook.timeout ? static_cast<int>(*hook.timeout) * 1000 : -1;
  int ready = 0;
  do {
    ready = ::poll(&poll_for, 1, limit);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) pidfd_send_signal(pidfd, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (ready == 0)
    return failure(ErrorKind::kBusy, "hook",
                   fill_in("hook ran past specified timeout of {}s", *hook.timeout));
  if (status == 0) return {};
  const std::string how = WIFEXITED(status) ? fill_in("exit status {}", WEXITSTATUS(status))
                                            : fill_in("signal: {}", ::strsignal(WTERMSIG(status)));
  return failure(
      ErrorKind::kRejected, "hook",
      fill_in("error running hook: {}, stdout: , stderr: {}", how, beginning_of(output)));
}

}  // namespace

Result<Fd> make_hook_input() {
  const int fd = ::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return os_failure("memfd_create", "the state for hooks");
  return Fd(fd);
}

Result<> fill_hook_input(const Fd& input, std::string_view state) {
  const ssize_t n = ::pwrite(input.get(), state.data(), state.size(), 0);
  if (n != static_cast<ssize_t>(state.size())) return os_failure("pwrite", "the state for hooks");
  // What one hook is told, it cannot change for the next.
  if (::fcntl(input.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) != 0)
    return os_failure("fcntl", "the state for hooks");
  return {};
}

Result<> run_hooks(const std::vector<spec::Hook>& hooks, const Fd& input, HookPlace place) {
  for (std::size_t i = 0; i < hooks.size(); ++i)
    PLIMSOLL_TRY(in(fill_in("error running hook #{}", i), run_hook(hooks[i], input, place)));
  return {};
}

}  // namespace plimsoll::runtime
