// Addresses and subnets of both families, as numbers.
//
// Thread: values, pure functions.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plimsoll::net {

enum class Family : std::uint8_t { kV4, kV6 };

struct Address {
  Family family = Family::kV4;
  std::array<std::uint8_t, 16> bytes{};  // In the order of the network; v4 has the first four.

  [[nodiscard]] std::size_t size() const { return family == Family::kV4 ? 4 : 16; }
  [[nodiscard]] std::span<const std::uint8_t> used() const { return {bytes.data(), size()}; }
  auto operator<=>(const Address&) const = default;
};

struct Subnet {
  Address base;  // Its host bits are 0.
  int prefix = 0;

  [[nodiscard]] int host_bits() const { return static_cast<int>(base.size()) * 8 - prefix; }
  bool operator==(const Subnet&) const = default;
};

// "172.18.0.2", "fd00::2". No zone, no leading zeros.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
// "172.18.0.0/16". Host bits are cut off.
[[nodiscard]] std::optional<Subnet> parse_subnet(std::string_view text);
[[nodiscard]] std::string to_text(const Address& address);
[[nodiscard]] std::string to_text(const Subnet& subnet);

[[nodiscard]] bool contains(const Subnet& subnet, const Address& address);
[[nodiscard]] bool contains(const Subnet& outer, const Subnet& inner);
[[nodiscard]] bool overlap(const Subnet& a, const Subnet& b);
[[nodiscard]] Address masked(const Address& address, int prefix);
[[nodiscard]] bool is_loopback(const Address& address);
[[nodiscard]] bool is_any(const Address& address);

// base + offset. Offsets beyond 64 bits do not occur: nobody counts so far.
[[nodiscard]] Address at(const Subnet& subnet, std::uint64_t offset);
// The reverse, of what the subnet contains; only the low 64 bits of IPv6's.
[[nodiscard]] std::uint64_t offset_of(const Subnet& subnet, const Address& address);
// How many there are, at most 2^63.
[[nodiscard]] std::uint64_t size_of(const Subnet& subnet);
[[nodiscard]] Address last_of(const Subnet& subnet);

// "02:42:ac:12:00:02", or nothing.
using Mac = std::array<std::uint8_t, 6>;
[[nodiscard]] std::optional<Mac> parse_mac(std::string_view text);
[[nodiscard]] std::string to_text(const Mac& mac);
// Docker's: one address, one MAC, so that nobody's ARP cache is wrong when an address is used
// again.
[[nodiscard]] Mac mac_for(const Address& address);

}  // namespace plimsoll::net
