#include "http/client_socket.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace plimsoll::http {

namespace {

using std::chrono::milliseconds;

// Waits until the socket is ready for `events`, or fails with ETIMEDOUT at the deadline.
Result<> await(const Fd& socket, short events, const char* op, const std::string& endpoint,
               TimePoint deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{socket.get(), events, 0};
    const int ready = ::poll(&entry, 1,
                             static_cast<int>(std::clamp<std::int64_t>(
                                 left.count(), 0, std::int64_t{24} * 3600 * 1000)));
    if (ready > 0) return {};
    if (ready == 0) return os_failure(op, endpoint, ETIMEDOUT);
    if (errno != EINTR) return os_failure("poll", endpoint);
  }
}

Failure connect_failure(const std::string& endpoint, int os_error) {
  Failure failed = os_failure("connect", endpoint, os_error);
  // No socket file, or nobody behind the address: the caller may well do without.
  if (os_error == ECONNREFUSED || os_error == ENOENT)
    return Failure(Error{ErrorKind::kNotOffered, os_error, "connect", endpoint, Where::here()});
  return failed;
}

Result<Fd> connect_one(const SocketAddress& address, const std::string& endpoint,
                       TimePoint deadline) {
  Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", endpoint);
  while (::connect(socket.get(), address.get(), address.length) != 0) {
    if (errno == EINPROGRESS) {
      PLIMSOLL_TRY(await(socket, POLLOUT, "connect", endpoint, deadline));
      int os_error = 0;
      socklen_t size = sizeof os_error;
      if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &os_error, &size) != 0)
        return os_failure("getsockopt", endpoint);
      if (os_error != 0) return connect_failure(endpoint, os_error);
      return socket;
    }
    // A unix socket with a full backlog says EAGAIN, and there is nothing to wait on.
    if (errno != EAGAIN && errno != EINTR) return connect_failure(endpoint, errno);
    if (std::chrono::steady_clock::now() >= deadline)
      return os_failure("connect", endpoint, ETIMEDOUT);
    std::this_thread::sleep_for(milliseconds(2));
  }
  return socket;
}

Result<std::vector<SocketAddress>> resolve(const Address& address, const std::string& endpoint) {
  std::vector<SocketAddress> found;
  if (address.kind == Address::Kind::kUnix) {
    found.push_back(PLIMSOLL_TRY(unix_address(address.path)));
    return found;
  }
  const std::string host = address.host.empty() ? "127.0.0.1" : address.host;
  if (const Result<SocketAddress> numeric = numeric_address(host, address.port)) {
    found.push_back(*numeric);
    return found;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed =
      ::getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (failed != 0)
    return failure(failed == EAI_NONAME ? ErrorKind::kNotOffered : ErrorKind::kIo, "getaddrinfo",
                   endpoint + ": " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress one;
    std::memcpy(&one.storage, entry->ai_addr, entry->ai_addrlen);
    one.length = entry->ai_addrlen;
    found.push_back(one);
  }
  return found;
}

}  // namespace

Result<Fd> connect_to(const Address& address, const std::string& endpoint, TimePoint deadline) {
  const std::vector<SocketAddress> candidates = PLIMSOLL_TRY(resolve(address, endpoint));
  Result<Fd> socket = failure(ErrorKind::kNotOffered, "connect", endpoint);
  for (const SocketAddress& candidate : candidates) {
    socket = connect_one(candidate, endpoint, deadline);
    if (socket) break;
  }
  return socket;
}

Result<> send_all(const Fd& socket, std::string_view bytes, const std::string& endpoint,
                  TimePoint deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EAGAIN)
      PLIMSOLL_TRY(await(socket, POLLOUT, "send", endpoint, deadline));
    else if (errno != EINTR)
      return os_failure("send", endpoint);
  }
  return {};
}

Result<std::size_t> receive(const Fd& socket, std::span<char> into, const std::string& endpoint,
                            TimePoint deadline) {
  for (;;) {
    const ssize_t n = ::recv(socket.get(), into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EAGAIN)
      PLIMSOLL_TRY(await(socket, POLLIN, "recv", endpoint, deadline));
    else if (errno != EINTR)
      return os_failure("recv", endpoint);
  }
}

}  // namespace plimsoll::http
