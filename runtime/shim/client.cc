#include "runtime/shim/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/read_file.h"
#include "runtime/shim/sockets.h"

namespace plimsoll::shim {
namespace {

Result<bool> is_locked(const DirFd& dir) {
  auto lock = open_at(dir, kLockFile, O_RDONLY);
  if (!lock && lock.error().kind == ErrorKind::kNotOffered) return false;
  if (!lock) return std::unexpected(lock.error());
  if (::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return os_failure("flock", kLockFile);
}

}  // namespace

// The lock first: a keeper that ends between the two questions has written its record.
Result<Look> look(const DirFd& dir) {
  Look seen;
  const bool locked = PLIMSOLL_TRY(is_locked(dir));
  auto text = read_file_at(dir, kExitFile, 4096);
  if (text) {
    seen.exit = PLIMSOLL_TRY(in(kExitFile, parse_exit_record(*text)));
    seen.state = Look::State::kEnded;
    return seen;
  }
  if (text.error().kind != ErrorKind::kNotOffered) return std::unexpected(text.error());
  seen.state = locked ? Look::State::kKept : Look::State::kLost;
  return seen;
}

Result<Connection> Connection::connect(const DirFd& dir) {
  return Connection(PLIMSOLL_TRY(connect_in(dir, kSocketFile, SOCK_SEQPACKET)));
}

Result<> Connection::send(Request request, std::string_view content) {
  if (content.size() >= kMaxPacket) return invalid_input("send", "longer than a packet may be");
  std::string packet(1, static_cast<char>(request));
  packet += content;
  if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
    return os_failure("send", "the keeper");
  return {};
}

Result<Packet> Connection::receive(std::chrono::milliseconds timeout) {
  pollfd ready{socket_.get(), POLLIN, 0};
  const int count = ::poll(&ready, 1, static_cast<int>(timeout.count()));
  if (count < 0) return os_failure("poll", "the keeper");
  if (count == 0) return failure(ErrorKind::kBusy, "receive", "the keeper said nothing in time");
  std::string bytes(kMaxPacket, '\0');
  const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (size < 0 && errno != ECONNRESET) return os_failure("recv", "the keeper");
  if (size <= 0) return failure(ErrorKind::kGone, "receive", "the keeper has ended");
  bytes.resize(static_cast<std::size_t>(size));
  return Packet{static_cast<Answer>(bytes.front()), bytes.substr(1)};
}

Result<ExitRecord> Connection::wait(std::chrono::milliseconds timeout) {
  PLIMSOLL_TRY(send(Request::kWait));
  for (;;) {
    const Packet packet = PLIMSOLL_TRY(receive(timeout));
    if (packet.answer == Answer::kExited) return parse_exit_record(packet.content);
  }
}

}  // namespace plimsoll::shim
