#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "control/breach/encode.h"
#include "control/breach/sink.h"

namespace plimsoll::control {

namespace {

using Clock = std::chrono::steady_clock;

// A process and its group, killed and reaped by whoever lets go of it.
class Hook {
 public:
  explicit Hook(pid_t pid) : pid_(pid) {}
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
  ~Hook() {
    if (pid_ > 0) (void)end();
  }
  // Its group as well: a script's children would go on.
  int end() {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }
  // How it ended, if it did by then.
  std::optional<int> wait(Clock::time_point until) {
    const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd ended{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ended, 1, static_cast<int>(left.count())) <= 0)
      return std::nullopt;
    return end();
  }

 private:
  pid_t pid_;
};

struct Spawn {
  Spawn() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

Result<pid_t> start(const std::vector<std::string>& arguments, const Fd& input) {
  Spawn spawn;
  ::posix_spawn_file_actions_adddup2(&spawn.actions, input.get(), STDIN_FILENO);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&spawn.actions, fd, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  sigset_t defaults;
  ::sigemptyset(&none);
  ::sigfillset(&defaults);
  ::posix_spawnattr_setsigmask(&spawn.attributes, &none);
  ::posix_spawnattr_setsigdefault(&spawn.attributes, &defaults);
  ::posix_spawnattr_setpgroup(&spawn.attributes, 0);
  ::posix_spawnattr_setflags(
      &spawn.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::vector<char*> environment = {path.data(), nullptr};
  pid_t pid = 0;
  // It gives the error back; errno says nothing.
  const int failed = ::posix_spawn(&pid, argv[0], &spawn.actions, &spawn.attributes, argv.data(),
                                   environment.data());
  if (failed != 0) return os_failure("posix_spawn", arguments.front(), failed);
  return pid;
}

// The whole input at once, in memory: a hook that does not read it holds nobody up.
Result<Fd> input_of(std::string_view text) {
  Fd fd(::memfd_create("plimsoll-event", MFD_CLOEXEC));
  if (!fd) return os_failure("memfd_create", "event");
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(fd.get(), 0, SEEK_SET) != 0)
    return os_failure("write", "event");
  return fd;
}

}  // namespace

Result<Sink::Deliver> make_exec_hook(const ExecHookOptions& options) {
  if (options.argv.empty() || !options.argv.front().starts_with('/'))
    return invalid_input("exec hook", "give an absolute path; there is no shell");
  return [options](const BreachEvent& event) -> Result<> {
    const Fd input = PLIMSOLL_TRY(input_of(to_json(event) + "\n"));
    const auto until = Clock::now() + options.timeout;
    Hook hook(PLIMSOLL_TRY(start(options.argv, input)));
    const auto status = hook.wait(until);
    if (!status)
      return failure(ErrorKind::kRejected, "exec hook",
                     options.argv.front() + " was killed after its time");
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
    return failure(
        ErrorKind::kRejected, "exec hook",
        options.argv.front() + " ended with " +
            std::to_string(WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status)));
  };
}

}  // namespace plimsoll::control
