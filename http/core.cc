#include "http/core.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "http/gate.h"
#include "http/listener.h"
#include "http/peer_process.h"

namespace plimsoll::http {

namespace {

// How long answers in progress may take after stop().
constexpr std::chrono::seconds kDrainTime{2};

void set_option(const Fd& socket, int level, int name, int value) {
  // Best effort: a socket without the option still works.
  (void)::setsockopt(socket.get(), level, name, &value, sizeof value);
}

void tune(const Fd& socket, int family) {
  if (family != AF_INET && family != AF_INET6) return;
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  // A stream may be silent for long; a peer that lost its power never says goodbye.
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

}  // namespace

Core::Core(const ServerLimits& server_limits) : limits(server_limits) {}
Core::~Core() = default;

void Core::add(std::unique_ptr<Listener> listener) {
  if (stopping_) return;
  listener->start(*this);
  listeners_.push_back(std::move(listener));
}

void Core::admit(Fd socket, int family, std::string peer, std::shared_ptr<const Door> door) {
  if (connections_.size() >= limits.connections && !shed_one()) {
    counters.refused();
    return;
  }
  tune(socket, family);
  Connection::Socket stream(loop->context());
  boost::system::error_code ec;
  stream.assign({family, 0}, socket.get(), ec);
  if (ec) return counters.refused();
  (void)socket.release();
  auto process = family == AF_UNIX ? peer_process(stream.native_handle()) : nullptr;
  auto connection = std::make_shared<Connection>(*this, std::move(stream), std::move(peer),
                                                 std::move(process), std::move(door));
  connections_.emplace(connection.get(), connection);
  counters.opened();
  connection->start();
}

bool Core::shed_one() {
  if (idle_.empty()) return false;
  counters.shed();
  idle_.front()->close();
  return true;
}

void Core::set_idle(Connection& connection) {
  if (connection.idle_place) return;
  connection.idle_place = idle_.insert(idle_.end(), &connection);
}

void Core::set_busy(Connection& connection) {
  if (!connection.idle_place) return;
  idle_.erase(*connection.idle_place);
  connection.idle_place.reset();
}

void Core::forget(Connection& connection) {
  set_busy(connection);
  if (connections_.erase(&connection) == 0) return;
  counters.closed();
  if (stopping_ && connections_.empty()) loop->end();
}

std::string_view Core::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_time_) {
    date_time_ = now;
    date_text_ = http_date(now);
  }
  return date_text_;
}

void Core::drain() {
  if (std::exchange(stopping_, true)) return;
  listeners_.clear();
  const auto present = connections_;  // As in close_all().
  for (const auto& [key, connection] : present) connection->drain();
  if (connections_.empty()) return loop->end();
  loop->after(kDrainTime, [this] {
    close_all();
    loop->end();
  });
}

void Core::close_all() {
  const auto present = connections_;  // Closing changes the table.
  for (const auto& [key, connection] : present) connection->close();
}

void Core::finish() {
  stopping_ = true;
  listeners_.clear();
  close_all();
  loop->close();
}

}  // namespace plimsoll::http
