#include "runtime/shim/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <utility>

#include "runtime/shim/sockets.h"

namespace plimsoll::shim {
namespace {

Result<> set_nonblocking(const Fd& fd, const char* what) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0)
    return os_failure("fcntl", what);
  return {};
}

enum class OurEnd : std::uint8_t { kReads, kWrites };

// Our end never blocks; theirs does, as programs expect.
Result<> make_pipe(OurEnd end, Fd& ours, Fd& theirs) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_failure("pipe2", "stdio");
  ours = Fd(ends[end == OurEnd::kReads ? 0 : 1]);
  theirs = Fd(ends[end == OurEnd::kReads ? 1 : 0]);
  return set_nonblocking(ours, "stdio");
}

// The engine may end, a terminal may hang up, a machine may be on its way down: as long as there is
// a container there is its keeper.
Result<Fd> take_signals() {
  for (const int ignored : {SIGHUP, SIGINT, SIGTERM, SIGPIPE})
    std::ignore = ::signal(ignored, SIG_IGN);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  if (::sigprocmask(SIG_BLOCK, &children, nullptr) != 0)
    return os_failure("sigprocmask", "SIGCHLD");
  Fd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return os_failure("signalfd", "SIGCHLD");
  return signals;
}

}  // namespace

Result<Keeper> Keeper::create(Options options) {
  Keeper keeper(std::move(options));
  PLIMSOLL_TRY(in(keeper.options_.dir, keeper.open()));
  return keeper;
}

Result<> Keeper::open() {
  dir_ = PLIMSOLL_TRY(open_dir(options_.dir.c_str()));
  lock_ = Fd(::openat(dir_.get(), kLockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) return os_failure("openat", kLockFile);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return os_failure("flock", "another keeper lives");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return os_failure("prctl", "PR_SET_CHILD_SUBREAPER");
  std::ignore = ::setsid();  // Fails for who leads a session already.
  signals_ = PLIMSOLL_TRY(take_signals());
  log_ = PLIMSOLL_TRY(LogFile::open(options_.log, options_.log_limits));
  server_ = PLIMSOLL_TRY(Server::create(dir_, kSocketFile));
  if (options_.terminal) console_ = PLIMSOLL_TRY(listen_in(dir_, kConsoleFile, SOCK_STREAM));
  return {};
}

Result<> Keeper::start_command() {
  std::array<Fd, 3> theirs;
  streams_[0] = {.answer = Answer::kStdout, .name = "stdout"};
  streams_[1] = {.answer = Answer::kStderr, .name = "stderr"};
  // With a terminal these are the command's own: the container has the terminal alone.
  if (options_.stdin_open && !options_.terminal)
    PLIMSOLL_TRY(make_pipe(OurEnd::kWrites, stdin_, theirs[0]));
  else
    theirs[0] = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (options_.terminal)
    theirs[1] = Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  else
    PLIMSOLL_TRY(make_pipe(OurEnd::kReads, streams_[0].fd, theirs[1]));
  PLIMSOLL_TRY(make_pipe(OurEnd::kReads, streams_[1].fd, theirs[2]));
  if (!theirs[0] || !theirs[1]) return os_failure("open", "/dev/null");
  command_ = ::fork();
  if (command_ < 0) return os_failure("fork", options_.command[0]);
  if (command_ == 0) become_command(theirs);
  return {};
}

void Keeper::become_command(const std::array<Fd, 3>& theirs) const {
  for (const int ignored : {SIGHUP, SIGINT, SIGTERM, SIGPIPE})
    std::ignore = ::signal(ignored, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int i = 0; i < 3; ++i) ::dup2(theirs[static_cast<std::size_t>(i)].get(), i);
  if (options_.ready_fd) ::close(*options_.ready_fd);
  ::execvp(options_.command[0], options_.command.data());
  constexpr std::string_view kWhy = "plimsoll-shim: the command cannot be executed\n";
  std::ignore = ::write(2, kWhy.data(), kWhy.size());
  ::_exit(errno == ENOENT ? 127 : 126);
}

std::string Keeper::status() const {
  if (record_) return to_text(*record_);
  return R"({"pid":)" + std::to_string(container_) + "}\n";
}

void Keeper::input(std::string_view bytes) {
  if (!stdin_) return;
  pending_input_ += bytes;
  flush_input();
}

void Keeper::end_input() {
  input_ends_ = true;
  flush_input();
}

void Keeper::flush_input() {
  while (stdin_ && !pending_input_.empty()) {
    const ssize_t count = ::write(stdin_.get(), pending_input_.data(), pending_input_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      // Nobody reads it any more.
      stdin_.reset();
      break;
    }
    pending_input_.erase(0, static_cast<std::size_t>(count));
  }
  if (!stdin_) pending_input_.clear();
  // A terminal has no end of input but what is typed into it.
  if (input_ends_ && !options_.terminal) stdin_.reset();
}

Result<> Keeper::resize(unsigned rows, unsigned columns) {
  if (!terminal_) return failure(ErrorKind::kNotOffered, "resize", "the container has no terminal");
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  if (::ioctl(terminal_.get(), TIOCSWINSZ, &size) != 0) return os_failure("ioctl", "TIOCSWINSZ");
  return {};
}

}  // namespace plimsoll::shim
