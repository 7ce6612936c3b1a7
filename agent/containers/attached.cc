#include "agent/containers/attached.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>

#include "agent/containers/frames.h"
#include "agent/terminal.h"
#include "http/client_socket.h"

namespace plimsoll::agent {
namespace {

constexpr char kCtrlP = 0x10;
constexpr char kCtrlQ = 0x11;

sigset_t passed_on() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH})
    sigaddset(&set, signal);
  return set;
}

// Every key goes to the process while this lives.
class RawTerminal {
 public:
  RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

class Pump {
 public:
  Pump(const Fd& socket, const Attachment& attachment, const SignalGuard& signals)
      : socket_(socket), attachment_(attachment), signals_(signals) {}

  Result<Parted> run(std::string_view early) {
    tell_size();
    PLIMSOLL_TRY(put(early));
    while (!ended_ && !detached_) {
      std::array<pollfd, 3> ready{
          {{socket_.get(), POLLIN, 0},
           {signals_.fd().get(), POLLIN, 0},
           {attachment_.input && input_open_ ? STDIN_FILENO : -1, POLLIN, 0}}};
      if (::poll(ready.data(), ready.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return os_failure("poll", "attach");
      }
      if (ready[0].revents != 0) PLIMSOLL_TRY(receive());
      if (ready[1].revents != 0) take_signal();
      if (ready[2].revents != 0) PLIMSOLL_TRY(send());
    }
    return detached_ ? Parted::kDetached : Parted::kEnded;
  }

 private:
  Result<> put(std::string_view bytes) {
    if (attachment_.tty) return write_to(STDOUT_FILENO, bytes);
    if (!frames_.feed(bytes)) return malformed("the engine's stream has no frames");
    if (failed_) return std::unexpected(*failed_);
    return {};
  }

  Result<> write_to(int fd, std::string_view bytes) {
    const bool taken = PLIMSOLL_TRY(write_all(fd, bytes));
    if (!taken) ended_ = true;
    return {};
  }

  void take_frame(FrameReader::Stream stream, std::string_view bytes) {
    const bool error =
        stream == FrameReader::Stream::kStderr || stream == FrameReader::Stream::kEngine;
    if (auto written = write_to(error ? STDERR_FILENO : STDOUT_FILENO, bytes); !written)
      failed_ = std::move(written.error());
  }

  Result<> receive() {
    std::array<char, std::size_t{32} << 10> piece{};
    const ssize_t n = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    // An engine that was killed resets the connection; the container goes on.
    if (n < 0) return os_failure("recv", attachment_.name);
    if (n == 0) {
      ended_ = true;
      return {};
    }
    return put({piece.data(), static_cast<std::size_t>(n)});
  }

  Result<> send() {
    std::array<char, std::size_t{16} << 10> piece{};
    const ssize_t n = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) return {};
    if (n <= 0) {  // EIO: our terminal went away.
      input_open_ = false;
      ::shutdown(socket_.get(), SHUT_WR);
      return {};
    }
    std::string_view bytes(piece.data(), static_cast<std::size_t>(n));
    if (attachment_.tty) bytes = bytes.substr(0, until_detached(bytes));
    const auto sent = http::send_all(socket_, bytes, "the engine",
                                     std::chrono::steady_clock::now() + std::chrono::hours(24));
    // The process may be gone already; what it said is still to come.
    if (!sent) input_open_ = false;
    return {};
  }

  // How many of the bytes are the process's: all, or those before ctrl-p ctrl-q.
  std::size_t until_detached(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      detached_ = armed_ && bytes[i] == kCtrlQ;
      armed_ = bytes[i] == kCtrlP;
      if (detached_) return i;
    }
    return bytes.size();
  }

  void take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.fd().get(), &info, sizeof info) != sizeof info) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH)
      tell_size();
    else if (attachment_.signal)
      attachment_.signal(signal);
    else
      detached_ = true;
  }

  void tell_size() {
    winsize size{};
    if (attachment_.tty && attachment_.resize && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_row > 0)
      attachment_.resize(size.ws_row, size.ws_col);
  }

  const Fd& socket_;
  const Attachment& attachment_;
  const SignalGuard& signals_;
  FrameReader frames_{
      [this](FrameReader::Stream stream, std::string_view bytes) { take_frame(stream, bytes); }};
  std::optional<Error> failed_;
  bool input_open_ = true;
  bool armed_ = false;  // ctrl-p was the last key.
  bool detached_ = false;
  bool ended_ = false;
};

}  // namespace

SignalGuard::SignalGuard() {
  const sigset_t set = passed_on();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalGuard::~SignalGuard() {
  const sigset_t set = passed_on();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Result<Parted> pump(ApiExchange& exchange, const Attachment& attachment,
                    const SignalGuard& signals) {
  std::optional<RawTerminal> raw;
  if (attachment.tty && attachment.input) raw.emplace();
  if (!attachment.input) ::shutdown(exchange.socket().get(), SHUT_WR);
  return Pump(exchange.socket(), attachment, signals).run(exchange.early());
}

}  // namespace plimsoll::agent
