#include "runtime/shim/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/number.h"
#include "base/text.h"
#include "runtime/shim/sockets.h"

namespace plimsoll::shim {
namespace {

void send(Server::Client& client, Answer answer, std::string_view content) {
  std::string packet(1, static_cast<char>(answer));
  packet += content;
  for (int tries = 0; tries < 2; ++tries) {
    if (::send(client.socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
      return;
    if (errno != EAGAIN || tries != 0) break;
    pollfd room{client.socket.get(), POLLOUT, 0};
    ::poll(&room, 1, 1000);
  }
  client = Server::Client();
}

bool is_ours(const Fd& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

}  // namespace

Result<Server> Server::create(const DirFd& dir, const char* name) {
  Server server;
  server.listener_ = PLIMSOLL_TRY(listen_in(dir, name, SOCK_SEQPACKET));
  return server;
}

void Server::accept() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket || !is_ours(socket)) return;
  for (Client& client : clients_) {
    if (client.socket) continue;
    client.socket = std::move(socket);
    return;
  }
}

void Server::serve(Client& client, Kept& kept) {
  char packet[kMaxPacket];
  const ssize_t size = ::recv(client.socket.get(), packet, sizeof packet, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0)
    client = Client();
  else
    handle(client, std::string_view(packet, static_cast<std::size_t>(size)), kept);
}

void Server::handle(Client& client, std::string_view packet, Kept& kept) {
  const std::string_view content = packet.substr(1);
  switch (static_cast<Request>(packet.front())) {
    case Request::kStatus:
      return send(client, Answer::kStatus, kept.status());
    case Request::kWait:
      client.waits = true;
      return;
    case Request::kAttach:
      client.attached = true;
      return send(client, Answer::kDone, "");
    case Request::kStdin:
      return kept.input(content);
    case Request::kEndStdin:
      return kept.end_input();
    case Request::kResize:
      return resize(client, content, kept);
  }
  send(client, Answer::kError, "unknown request");
}

void Server::resize(Client& client, std::string_view text, Kept& kept) {
  std::string_view word;
  const auto rows = next_word(text, word) ? to_number<std::uint16_t>(word) : std::nullopt;
  const auto columns = next_word(text, word) ? to_number<std::uint16_t>(word) : std::nullopt;
  if (!rows || !columns) return send(client, Answer::kError, "resize: ROWS COLUMNS");
  const auto done = kept.resize(*rows, *columns);
  send(client, done ? Answer::kDone : Answer::kError, done ? "" : done.error().message());
}

void Server::output(Answer stream, std::string_view bytes) {
  for (Client& client : clients_)
    if (client.socket && client.attached) send(client, stream, bytes);
}

void Server::exited(std::string_view record) {
  for (Client& client : clients_)
    if (client.socket && client.waits) send(client, Answer::kExited, record);
}

}  // namespace plimsoll::shim
