#include "runtime/net/resolver_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"

namespace plimsoll::net {

namespace {

constexpr std::uint64_t kWake = 1;
constexpr std::uint64_t kTimer = 2;
constexpr std::uint64_t kFirstToken = 16;
constexpr std::size_t kMostEvents = 64;
constexpr std::size_t kDatagram = 4096;
// Of one container: a name server is no place to keep connections.
constexpr std::size_t kMostConnections = 32;
constexpr std::chrono::seconds kIdleConnection{10};

// Of an eventfd or timerfd: until the next time. There is nothing to read if it was read already.
void reset(const Fd& fd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(fd.get(), &count, sizeof count);
}

}  // namespace

Result<std::unique_ptr<ResolverLoop>> ResolverLoop::make(Resolver& resolver, const Names& names,
                                                         ResolverPaths paths) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return os_failure("epoll_create1", "resolver");
  Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return os_failure("timerfd_create", "resolver");
  for (const auto& [fd, token] :
       {std::pair(resolver.wake_.get(), kWake), std::pair(timer.get(), kTimer)}) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = token}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
      return os_failure("epoll_ctl", "resolver");
  }
  std::unique_ptr<ResolverLoop> loop(
      new ResolverLoop(resolver, names, std::move(paths), std::move(epoll), std::move(timer)));
  loop->last_token_ = kFirstToken;
  return loop;
}

void ResolverLoop::run(const std::stop_token& stop) {
  std::array<epoll_event, kMostEvents> events{};
  while (!stop.stop_requested()) {
    const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (n < 0 && errno != EINTR) return log::error("resolver: epoll_wait failed");
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      dispatch(event.data.u64, event.events);
    }
    set_timer();
  }
}

ResolverLoop::Token ResolverLoop::watch(const Fd& fd, std::uint32_t events) {
  const Token token = ++last_token_;
  epoll_event event{.events = events, .data = {.u64 = token}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
    log::error("resolver: a socket cannot be watched");
  return token;
}

void ResolverLoop::dispatch(Token token, std::uint32_t events) {
  if (token == kWake) {
    reset(resolver_.wake_);
    return take_commands();
  }
  if (token == kTimer) {
    reset(timer_);
    return expire();
  }
  if (const auto udp = udp_.find(token); udp != udp_.end()) {
    const std::string container = udp->second;
    return read_datagrams(container);
  }
  if (const auto tcp = tcp_.find(token); tcp != tcp_.end()) {
    const std::string container = tcp->second;
    return accept_connections(container);
  }
  if (connections_.contains(token)) {
    if ((events & EPOLLOUT) != 0) write_connection(token);
    if ((events & ~EPOLLOUT) != 0) read_connection(token);
  } else if (forwards_.contains(token)) {
    if ((events & EPOLLOUT) != 0) write_forward(token);
    if ((events & ~EPOLLOUT) != 0) read_forward(token);
  }
}

void ResolverLoop::take_commands() {
  for (Resolver::Command& command : resolver_.take()) {
    if (auto* serve_command = std::get_if<Resolver::Serve>(&command))
      serve(std::move(*serve_command));
    else if (const auto* stop_command = std::get_if<Resolver::Stop>(&command))
      stop(stop_command->container);
  }
}

void ResolverLoop::serve(Resolver::Serve command) {
  const std::string container = command.site.container;
  const auto known = sites_.find(container);
  if (!command.sockets.udp) {
    if (known != sites_.end()) known->second.site = std::move(command.site);
    return;
  }
  stop(container);
  Site site{.site = std::move(command.site), .sockets = std::move(command.sockets)};
  site.udp = watch(site.sockets.udp, EPOLLIN);
  site.tcp = watch(site.sockets.tcp, EPOLLIN);
  udp_[site.udp] = container;
  tcp_[site.tcp] = container;
  sites_[container] = std::move(site);
}

// Its namespace must not be held a moment longer: every descriptor of it is closed.
void ResolverLoop::stop(const std::string& container) {
  const auto site = sites_.find(container);
  if (site == sites_.end()) return;
  std::erase_if(connections_, [&](const auto& pair) {
    if (pair.second.container != container) return false;
    deadlines_.erase({pair.second.deadline, pair.first});
    return true;
  });
  std::erase_if(forwards_, [&](const auto& pair) {
    if (pair.second.client.container != container) return false;
    deadlines_.erase({pair.second.deadline, pair.first});
    return true;
  });
  udp_.erase(site->second.udp);
  tcp_.erase(site->second.tcp);
  sites_.erase(site);
}

void ResolverLoop::set_timer() {
  itimerspec when{};
  if (!deadlines_.empty()) {
    const auto since = deadlines_.begin()->first.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(since - seconds).count() + 1;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void ResolverLoop::expire() {
  const Time now = std::chrono::steady_clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const Token token = deadlines_.begin()->second;
    if (forwards_.contains(token))
      give_up_on_server(token);
    else
      close_connection(token);
  }
}

void ResolverLoop::read_datagrams(const std::string& container) {
  std::array<char, kDatagram> buffer{};
  for (;;) {
    const auto site = sites_.find(container);
    if (site == sites_.end()) return;
    Client client{.container = container};
    socklen_t size = sizeof client.peer;
    const ssize_t n = ::recvfrom(site->second.sockets.udp.get(), buffer.data(), buffer.size(), 0,
                                 reinterpret_cast<sockaddr*>(&client.peer), &size);
    if (n < 0) return;
    answer(client, std::string(buffer.data(), static_cast<std::size_t>(n)));
  }
}

void ResolverLoop::accept_connections(const std::string& container) {
  Site& site = sites_[container];
  Fd fd(::accept4(site.sockets.tcp.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || site.connections >= kMostConnections) return;
  const Token token = watch(fd, EPOLLIN);
  Connection& connection = connections_[token];
  connection.container = container;
  connection.fd = std::move(fd);
  connection.deadline = std::chrono::steady_clock::now() + kIdleConnection;
  deadlines_.emplace(connection.deadline, token);
  ++site.connections;
}

void ResolverLoop::close_connection(Token token) {
  const auto connection = connections_.find(token);
  if (connection == connections_.end()) return;
  deadlines_.erase({connection->second.deadline, token});
  const auto site = sites_.find(connection->second.container);
  if (site != sites_.end()) --site->second.connections;
  connections_.erase(connection);
}

// Each message has its length before it, two bytes (RFC 1035, 4.2.2).
void ResolverLoop::read_connection(Token token) {
  std::array<char, kDatagram> buffer{};
  Connection& connection = connections_.at(token);
  const ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return close_connection(token);
  connection.in.append(buffer.data(), static_cast<std::size_t>(n));
  const Client client{.container = connection.container, .connection = token};
  for (;;) {
    const auto found = connections_.find(token);
    if (found == connections_.end()) return;
    std::string& in = found->second.in;
    if (in.size() < 2) return;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(in[0])) << 8 |
                               static_cast<unsigned char>(in[1]);
    if (in.size() < 2 + length) return;
    const std::string message = in.substr(2, length);
    in.erase(0, 2 + length);
    answer(client, message);
  }
}

void ResolverLoop::write_connection(Token token) {
  Connection& connection = connections_.at(token);
  const ssize_t n =
      ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return close_connection(token);
  if (n > 0) connection.out.erase(0, static_cast<std::size_t>(n));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = token}};
  if (!connection.out.empty()) event.events |= EPOLLOUT;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
}

void ResolverLoop::reply(const Client& client, const std::string& message) {
  if (client.connection == 0) {
    const auto site = sites_.find(client.container);
    if (site == sites_.end()) return;
    // Who does not take it asks again.
    (void)::sendto(site->second.sockets.udp.get(), message.data(), message.size(), 0,
                   reinterpret_cast<const sockaddr*>(&client.peer), sizeof client.peer);
    return;
  }
  const auto connection = connections_.find(client.connection);
  if (connection == connections_.end()) return;
  std::string& out = connection->second.out;
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size() & 0xFF);
  out += message;
  write_connection(client.connection);
}

}  // namespace plimsoll::net
