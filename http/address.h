// Addresses as people write them on a command line, parsed without asking anybody: servers and
// clients share the spelling. Pure functions on values.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::http {

struct Address {
  enum class Kind { kTcp, kUnix };
  Kind kind = Kind::kTcp;
  std::string host;        // Without brackets; empty = all addresses of the host.
  std::uint16_t port = 0;  // 0 = the kernel picks one.
  std::string path;        // Of the unix socket.
};

// "127.0.0.1:7546", "[::1]:7546", "name:7546", ":7546", "unix:/run/x.sock". kInvalidInput says what
// is wrong with the text.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

// A socket address of any family, and how much of it counts.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

[[nodiscard]] Result<SocketAddress> unix_address(const std::string& path);
// `host` is numeric ("fe80::1%eth0" too); anything else is kInvalidInput.
[[nodiscard]] Result<SocketAddress> numeric_address(const std::string& host, std::uint16_t port);

// "localhost", an IPv4 address 127.x.x.x or ::1: only programs on this host get there.
[[nodiscard]] bool is_loopback(const std::string& host);

// "127.0.0.1:7546", "[::1]:7546", "unix". An IPv4 client of a dual-stack socket is shown as IPv4.
[[nodiscard]] std::string to_text(const SocketAddress& address);

}  // namespace plimsoll::http
