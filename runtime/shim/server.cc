#include "runtime/shim/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
      was_attached_ = true;
      client.wants_all = content == kAll;
      return send(client, Answer::kDone, "");
    case Request::kStdin:
      client.sends_input = true;
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
  for (Client& client : clients_) {
    if (!client.socket || !client.attached) continue;
    if (!client.wants_all) {
      send(client, stream, bytes);
      continue;
    }
    client.behind.push_back(std::string(1, static_cast<char>(stream)));
    client.behind.back() += bytes;
    catch_up(client);
  }
}

bool Server::is_behind() const {
  return std::ranges::any_of(clients_, [](const Client& one) { return !one.behind.empty(); });
}

void Server::catch_up(Client& client) {
  while (!client.behind.empty()) {
    const std::string& packet = client.behind.front();
    if (::send(client.socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >=
        0) {
      client.behind.pop_front();
    } else {
      if (errno != EAGAIN && errno != EINTR) client = Client();
      return;
    }
  }
}

void Server::settle() {
  constexpr int kSteps = 20;
  for (int step = 0; step < kSteps && is_behind(); ++step) {
    std::array<pollfd, kMaxClients> polls{};
    for (std::size_t i = 0; i < kMaxClients; ++i)
      polls[i] = {clients_[i].behind.empty() ? -1 : clients_[i].socket.get(), POLLOUT, 0};
    ::poll(polls.data(), polls.size(), 100);
    for (std::size_t i = 0; i < kMaxClients; ++i)
      if (polls[i].revents != 0) catch_up(clients_[i]);
  }
}

void Server::exited(std::string_view record) {
  for (Client& client : clients_)
    if (client.socket && client.waits) send(client, Answer::kExited, record);
}

}  // namespace plimsoll::shim
