#include "runtime/net/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/net/socket_address.h"

namespace plimsoll::net {

namespace {

Result<Fd> open_socket(const std::string& protocol, int family) {
  if (protocol == "tcp") return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (protocol == "udp") return Fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  if (protocol == "sctp") return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP));
  return invalid_input("port", "invalid proto: " + protocol);
}

}  // namespace

Result<Fd> hold_port(const std::string& protocol, const Address& host, std::uint16_t port) {
  const bool v6 = host.family == Family::kV6;
  Fd fd = PLIMSOLL_TRY(open_socket(protocol, v6 ? AF_INET6 : AF_INET));
  if (!fd && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT)) return Fd();
  if (!fd) return os_failure("socket", protocol);
  // What is for 0.0.0.0 has a socket of its own.
  const int on = 1;
  if (v6 && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
    return os_failure("setsockopt", "IPV6_V6ONLY");
  const SocketAddress address = socket_address(host, port);
  const std::string text = to_text(host) + ":" + std::to_string(port) + "/" + protocol;
  if (::bind(fd.get(), address.get(), address.size) != 0) return os_failure("bind", text);
  return fd;
}

PortRange local_ports(const std::string& proc) {
  const std::string directory = proc + "/sys/net/ipv4";
  const auto opened = open_dir(directory.c_str());
  const auto text = opened ? read_file_at(*opened, "ip_local_port_range", 64)
                           : Result<std::string>(std::unexpect, opened.error());
  if (!text) return {};
  std::string_view rest = trim(*text);
  std::string_view first;
  std::string_view last;
  (void)next_word(rest, first);
  (void)next_word(rest, last);
  const auto low = to_number<std::uint16_t>(first);
  const auto high = to_number<std::uint16_t>(last);
  if (!low || !high || *low == 0 || *low > *high) return {};
  return {.first = *low, .last = *high};
}

}  // namespace plimsoll::net
