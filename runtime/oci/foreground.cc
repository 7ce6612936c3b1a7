#include "runtime/oci/foreground.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>

#include "runtime/launch/kernel.h"

namespace plimsoll::oci {

namespace {

// Our terminal passes everything on while the container's does the editing.
class RawMode {
 public:
  RawMode() {
    if (::tcgetattr(0, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(0, TCSANOW, &raw) == 0;
  }
  ~RawMode() {
    if (changed_) ::tcsetattr(0, TCSANOW, &before_);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

void copy_size(int terminal) {
  winsize size{};
  if (::ioctl(0, TIOCGWINSZ, &size) == 0) ::ioctl(terminal, TIOCSWINSZ, &size);
}

// False at the end of `from`.
bool copy(int from, int to) {
  std::array<char, 16384> bytes{};
  const ssize_t n = ::read(from, bytes.data(), bytes.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  for (ssize_t done = 0; done < n;) {
    const ssize_t written = ::write(to, bytes.data() + done, static_cast<std::size_t>(n - done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    done += written;
  }
  return true;
}

std::optional<int> reap(pid_t wanted) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return std::nullopt;
    if (pid == wanted) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

class Watch {
 public:
  explicit Watch(runtime::Started started) : started_(std::move(started)) {}

  Result<int> run() {
    sigset_t all;
    ::sigfillset(&all);
    const Fd signals(::signalfd(-1, &all, SFD_CLOEXEC));
    if (!signals) return os_failure("signalfd", "the container's signals");
    std::optional<RawMode> raw;
    if (started_.terminal) {
      raw.emplace();
      copy_size(started_.terminal.get());
    }
    for (;;) {
      // What ended before we looked has sent its SIGCHLD, which is held for us.
      std::array<pollfd, 3> ready{pollfd{signals.get(), POLLIN, 0},
                                  pollfd{started_.terminal.get(), POLLIN, 0},
                                  pollfd{reads_input_ ? 0 : -1, POLLIN, 0}};
      if (!started_.terminal) ready[2].fd = -1;
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR)
        return os_failure("poll", "the container");
      if (ready[1].revents != 0 && !copy(started_.terminal.get(), 1)) started_.terminal.reset();
      if (ready[2].revents != 0 && started_.terminal)
        reads_input_ = copy(0, started_.terminal.get());
      if ((ready[0].revents & POLLIN) == 0) continue;
      if (const std::optional<int> code = take_signal(signals)) {
        drain();
        return *code;
      }
    }
  }

 private:
  std::optional<int> take_signal(const Fd& signals) {
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != sizeof info) return std::nullopt;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) return reap(started_.pid);
    if (signal == SIGWINCH) {
      if (started_.terminal) copy_size(started_.terminal.get());
      return std::nullopt;
    }
    // SIGPIPE and SIGURG are about our own doings.
    if (signal != SIGPIPE && signal != SIGURG)
      runtime::pidfd_send_signal(started_.pidfd.get(), signal);
    return std::nullopt;
  }

  // What it had written when it ended.
  void drain() {
    while (started_.terminal) {
      pollfd ready{started_.terminal.get(), POLLIN, 0};
      if (::poll(&ready, 1, 0) <= 0 || !copy(started_.terminal.get(), 1)) return;
    }
  }

  runtime::Started started_;
  bool reads_input_ = true;
};

}  // namespace

void hold_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

Result<int> watch(runtime::Started started) {
  return Watch(std::move(started)).run();
}

}  // namespace plimsoll::oci
