#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <tuple>
#include <utility>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/shim/keeper.h"
#include "runtime/shim/memory_events.h"
#include "runtime/shim/rest.h"
#include "runtime/shim/sockets.h"

namespace plimsoll::shim {
namespace {

// As many bytes of input as may wait until the container reads them.
constexpr std::size_t kMostInput = std::size_t{64} * 1024;
// As much as is kept for the command's own words.
constexpr std::size_t kMostEarly = std::size_t{64} * 1024;
// Processes that the container left outside of it may hold its output open for ever.
constexpr std::chrono::seconds kDrain(2);
// Whoever asked for the hold has died meanwhile.
constexpr std::chrono::seconds kLongestHold(10);

Result<pid_t> read_pid(const std::string& path) {
  const std::string text = PLIMSOLL_TRY(read_file_at(DirFd(AT_FDCWD), path.c_str(), 64));
  const auto pid = to_number<pid_t>(trim(text));
  if (!pid || *pid <= 0) return in(path, Result<pid_t>(malformed(text)));
  return *pid;
}

void tell_ready(std::optional<int>& fd, const std::string& text) {
  if (!fd) return;
  std::ignore = ::write(*fd, text.data(), text.size());
  ::close(*fd);
  fd.reset();
}

std::string on_one_line(std::string_view text) {
  std::string line(trim(text));
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

Result<ExitRecord> Keeper::run() {
  const auto failed = [&](Error error) -> Result<ExitRecord> {
    tell_ready(options_.ready_fd, "error " + error.subject + "\n");
    return std::unexpected(std::move(error));
  };
  if (auto started = start_command(); !started) return failed(std::move(started).error());
  MonoTime last{};
  for (;;) {
    if (record_ && holds_ && last != MonoTime{} && clock_.now() >= last - kDrain + kLongestHold)
      let_go();
    if (record_ && !holds_ && (!has_output() || clock_.now() >= last)) break;
    if (auto turned = turn(record_ ? 100 : -1); !turned) return failed(std::move(turned).error());
    if (record_ && last == MonoTime{}) last = clock_.now() + kDrain;
  }
  for (Stream& stream : streams_) finish(stream);
  server_->settle();
  record_->log_lost = log_->lost();
  PLIMSOLL_TRY(write_exit_record(dir_, *record_));
  server_->exited(to_text(*record_));
  ::unlinkat(dir_.get(), kSocketFile, 0);
  return *record_;
}

Result<> Keeper::turn(int timeout_ms) {
  enum Slot : std::size_t { kSignals, kListener, kConsole, kOut, kErr, kIn, kClients };
  std::array<pollfd, kClients + Server::kMaxClients> polls{};
  polls.fill({-1, POLLIN, 0});
  polls[kSignals].fd = signals_.get();
  polls[kListener].fd = server_->listener();
  polls[kConsole].fd = console_.get();
  // Whoever asked for all of it is waited for, as long as the container lives.
  if (!holds_ && (record_ || !server_->is_behind())) {
    polls[kOut].fd = streams_[0].fd.get();
    polls[kErr].fd = streams_[1].fd.get();
  }
  polls[kIn] = {pending_input_.empty() ? -1 : stdin_.get(), POLLOUT, 0};
  auto& clients = server_->clients();
  // Who sends more input than the container reads waits in its own socket.
  const bool listens = pending_input_.size() < kMostInput;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (!listens && clients[i].sends_input && clients[i].behind.empty()) continue;
    polls[kClients + i].fd = clients[i].socket.get();
    polls[kClients + i].events =
        static_cast<short>((!listens && clients[i].sends_input ? 0 : POLLIN) |
                           (clients[i].behind.empty() ? 0 : POLLOUT));
  }
  if (::poll(polls.data(), polls.size(), timeout_ms) < 0) {
    if (errno == EINTR) return {};
    return os_failure("poll", "the keeper");
  }
  // First of all: the group is gone soon after it is empty, which the kernel says before it tells
  // us of the end; that nobody has the output open any more it says before both.
  if (((polls[kOut].revents | polls[kErr].revents) & POLLHUP) != 0 || polls[kSignals].revents != 0)
    note_oom_kill();
  if (polls[kConsole].revents != 0) take_terminal();
  for (const std::size_t i : {0U, 1U})
    if (polls[kOut + i].revents != 0) pump(streams_[i]);
  if (polls[kIn].revents != 0) flush_input();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if ((polls[kClients + i].revents & POLLOUT) != 0) server_->catch_up(clients[i]);
    if ((polls[kClients + i].revents & ~POLLOUT) != 0) server_->serve(clients[i], *this);
  }
  if (holds_ && server_->was_attached()) let_go();
  if (polls[kListener].revents != 0) server_->accept();
  // Last, so that what was written before the end is read before it.
  if (polls[kSignals].revents != 0) PLIMSOLL_TRY(reap());
  return {};
}

void Keeper::take_terminal() {
  const Fd peer(::accept4(console_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer) return;
  auto terminal = receive_descriptor(peer);
  if (!terminal) return;
  terminal_ = *std::move(terminal);
  const int flags = ::fcntl(terminal_.get(), F_GETFL);
  ::fcntl(terminal_.get(), F_SETFL, flags | O_NONBLOCK);
  streams_[0].fd = Fd(::fcntl(terminal_.get(), F_DUPFD_CLOEXEC, 0));
  if (options_.stdin_open) stdin_ = Fd(::fcntl(terminal_.get(), F_DUPFD_CLOEXEC, 0));
  console_.reset();
  ::unlinkat(dir_.get(), kConsoleFile, 0);
}

void Keeper::pump(Stream& stream) {
  char bytes[kMaxPacket - 1];
  const ssize_t count = ::read(stream.fd.get(), bytes, sizeof bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // EIO: the last one has closed the terminal.
  if (count <= 0) return finish(stream);
  const std::string_view text(bytes, static_cast<std::size_t>(count));
  if (command_ != 0) {
    stream.early += text;
    if (stream.early.size() >= kMostEarly) replay_early();
  } else {
    take(stream, text);
  }
}

void Keeper::take(Stream& stream, std::string_view text) {
  server_->output(stream.answer, text);
  std::string lines;
  stream.lines.feed(text, [&](std::string_view line) {
    append_log_line(lines, line, stream.name, clock_.wall());
  });
  if (!lines.empty()) log_->append(lines);
}

void Keeper::replay_early() {
  for (Stream& stream : streams_) {
    const std::string early = std::exchange(stream.early, {});
    if (!early.empty()) take(stream, early);
  }
}

void Keeper::let_go() {
  holds_ = false;
  if (command_ == 0) replay_early();
}

// What the command left unsaid when it failed. The container never was: this is not its log.
std::string Keeper::words_of_command() {
  for (Stream& stream : streams_) {
    char bytes[4096];
    ssize_t count = 1;
    while (stream.fd && stream.early.size() < kMostEarly && count > 0) {
      count = ::read(stream.fd.get(), bytes, sizeof bytes);
      if (count > 0) stream.early.append(bytes, static_cast<std::size_t>(count));
    }
    stream.fd.reset();
  }
  return on_one_line(streams_[1].early);
}

void Keeper::finish(Stream& stream) {
  stream.lines.finish([&](std::string_view line) {
    std::string text;
    append_log_line(text, line, stream.name, clock_.wall());
    log_->append(text);
  });
  stream.fd.reset();
}

Result<> Keeper::reap() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
  }
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) break;
    if (pid == command_)
      PLIMSOLL_TRY(command_ended(status));
    else if (container_ == 0)
      ended_.push_back({pid, status});
    else if (pid == container_)
      container_ended(status);
  }
  return {};
}

Result<> Keeper::command_ended(int status) {
  command_ = 0;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string words = words_of_command();
    const ExitRecord record = exit_record(0, status, clock_.wall());
    return failure(ErrorKind::kRejected, "plimsoll-shim",
                   words.empty() ? std::string(options_.command[0]) + " ended with " +
                                       std::to_string(record.exit_code)
                                 : words);
  }
  if (!holds_) replay_early();
  container_ = PLIMSOLL_TRY(read_pid(options_.pid_file));
  if (!options_.cgroups.empty())
    // Without it the container is as good; it may have ended already.
    if (auto events = open_memory_events(options_.cgroups, container_))
      memory_events_ = *std::move(events);
  if (const auto end = end_of(container_)) container_ended(end->status);
  ended_.clear();
  siginfo_t info{};
  if (!record_ &&
      ::waitid(P_PID, static_cast<id_t>(container_), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return os_failure("waitid", "the container, which is no child of its keeper");
  tell_ready(options_.ready_fd, "pid " + std::to_string(container_) + "\n");
  give_pages_back();
  return {};
}

void Keeper::container_ended(int status) {
  record_ = exit_record(container_, status, clock_.wall());
  note_oom_kill();
  record_->oom_kill = oom_kill_;
  memory_events_.reset();
}

void Keeper::note_oom_kill() {
  if (!oom_kill_) oom_kill_ = tells_of_oom_kill(memory_events_);
}

std::optional<Keeper::Ended> Keeper::end_of(pid_t pid) const {
  const auto found = std::ranges::find(ended_, pid, &Ended::pid);
  return found == ended_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace plimsoll::shim
