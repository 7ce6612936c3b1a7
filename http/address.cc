#include "http/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "base/number.h"

namespace plimsoll::http {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

Failure refused(std::string_view text, const char* why) {
  return invalid_input("parse", "address '" + std::string(text) + "': " + why);
}

// "1.2.3.4" and the port of it, in the spelling parse_address() reads.
std::string ipv4_text(const in_addr& host, std::uint16_t port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &host, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(port);
}

std::string ipv6_text(const sockaddr_in6& address) {
  const std::uint16_t port = ntohs(address.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    in_addr host{};
    std::memcpy(&host, &address.sin6_addr.s6_addr[12], sizeof host);
    return ipv4_text(host, port);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  std::string result = std::string("[") + text.data();
  if (address.sin6_scope_id != 0) result += "%" + std::to_string(address.sin6_scope_id);
  return result + "]:" + std::to_string(port);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  // A NUL would end the kernel's view of the name before ours.
  if (text.find('\0') != std::string_view::npos) return refused("", "contains a NUL byte");
  if (text.starts_with(kUnixPrefix)) {
    Address address;
    address.kind = Address::Kind::kUnix;
    address.path = text.substr(kUnixPrefix.size());
    if (address.path.empty()) return refused(text, "the path is empty");
    PLIMSOLL_TRY(unix_address(address.path));
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused(text, "expected HOST:PORT or unix:PATH");
  std::string_view host = text.substr(0, colon);
  const auto port = to_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return refused(text, "the port is not a number from 0 to 65535");
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return refused(text, "'[' without ']'");
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return refused(text, "no IPv6 address in '[]'");
  } else if (host.find(':') != std::string_view::npos) {
    return refused(text, "an IPv6 address needs brackets: [::1]:7546");
  }
  if (host.find_first_of(" \t\r\n/@[]") != std::string_view::npos)
    return refused(text, "the host contains a character no host has");
  Address address;
  address.host = host;
  address.port = *port;
  return address;
}

Result<SocketAddress> unix_address(const std::string& path) {
  SocketAddress address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.size() >= sizeof un->sun_path)
    return refused("unix:" + path, "the path is longer than the kernel's 107 bytes");
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.c_str(), path.size() + 1);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

Result<SocketAddress> numeric_address(const std::string& host, std::uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
    return address;
  }
  const std::size_t percent = host.find('%');
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.substr(0, percent).c_str(), &v6->sin6_addr) != 1)
    return refused(host, "not a numeric IPv4 or IPv6 address");
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  if (percent != std::string::npos) {
    const std::string zone = host.substr(percent + 1);
    const auto index = to_number<std::uint32_t>(zone);
    v6->sin6_scope_id = index ? *index : ::if_nametoindex(zone.c_str());
    if (v6->sin6_scope_id == 0) return refused(host, "no network interface of that name");
  }
  address.length = sizeof *v6;
  return address;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::string to_text(const SocketAddress& address) {
  switch (address.family()) {
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
      return ipv4_text(v4->sin_addr, ntohs(v4->sin_port));
    }
    case AF_INET6:
      return ipv6_text(*reinterpret_cast<const sockaddr_in6*>(&address.storage));
    case AF_UNIX:
      return "unix";
    default:
      return "unknown";
  }
}

}  // namespace plimsoll::http
