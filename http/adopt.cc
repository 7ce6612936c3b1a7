#include "http/adopt.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace plimsoll::http {

namespace {

constexpr const char* kSubject = "a socket that was handed over";

Result<int> option_of(const Fd& socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(socket.get(), SOL_SOCKET, option, &value, &size) != 0)
    return os_failure("getsockopt", kSubject);
  return value;
}

// Ours to serve: a stream of a family that we know, and listening already.
Result<> check_kind(const Fd& socket, int family) {
  const bool known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
  if (!known || PLIMSOLL_TRY(option_of(socket, SO_TYPE)) != SOCK_STREAM)
    return invalid_input("adopt", std::string(kSubject) + ": neither TCP nor a unix stream");
  if (PLIMSOLL_TRY(option_of(socket, SO_ACCEPTCONN)) == 0)
    return invalid_input("adopt", std::string(kSubject) + ": it does not listen (Accept=yes?)");
  return {};
}

// The kernel does not promise an end of the path within the structure.
std::string path_of(const SocketAddress& address) {
  const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
  constexpr std::size_t kBefore = offsetof(sockaddr_un, sun_path);
  const std::size_t most = std::min<std::size_t>(address.length, sizeof *un);
  if (most <= kBefore) return {};
  const std::string_view bytes(un->sun_path, most - kBefore);
  return std::string(bytes.substr(0, bytes.find('\0')));
}

Door door_of(const Address& address) {
  const bool all = address.host == "0.0.0.0" || address.host == "::";
  if (is_loopback(address.host)) return {Door::Kind::kLoopback, address.host};
  return {Door::Kind::kOther, all ? "" : address.host};
}

// What accept() and the programs that we start rely on.
Result<> set_flags(const Fd& socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
    return os_failure("fcntl", kSubject);
  return {};
}

}  // namespace

Result<BoundSocket> adopt_listening(Fd socket) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(socket.get(), address.get(), &address.length) != 0)
    return os_failure("getsockname", kSubject);
  BoundSocket bound;
  bound.family = address.family();
  PLIMSOLL_TRY(check_kind(socket, bound.family));
  PLIMSOLL_TRY(set_flags(socket));
  if (bound.family == AF_UNIX) {
    // Its file belongs to whoever made it, and stays when we go.
    bound.address = "unix:" + path_of(address);
    bound.door = std::make_shared<const Door>(Door{Door::Kind::kUnix, ""});
  } else {
    bound.address = to_text(address);
    bound.door = std::make_shared<const Door>(door_of(PLIMSOLL_TRY(parse_address(bound.address))));
  }
  bound.socket = std::move(socket);
  return bound;
}

}  // namespace plimsoll::http
