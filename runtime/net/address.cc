#include "runtime/net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>

#include "base/number.h"

namespace plimsoll::net {

namespace {

constexpr std::size_t kLongestText = 45;  // INET6_ADDRSTRLEN - 1

int family_number(Family family) {
  return family == Family::kV4 ? AF_INET : AF_INET6;
}

// The number in the last bytes, at most eight of them.
std::uint64_t low_bits(const Address& address) {
  std::uint64_t value = 0;
  const auto used = address.used();
  for (const std::uint8_t byte : used.last(std::min<std::size_t>(used.size(), 8)))
    value = value << 8 | byte;
  return value;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > kLongestText) return std::nullopt;
  const std::string copy(text);
  Address address{.family = text.find(':') == std::string_view::npos ? Family::kV4 : Family::kV6};
  if (::inet_pton(family_number(address.family), copy.c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const auto prefix = to_number<unsigned>(text.substr(slash + 1));
  if (!address || !prefix || *prefix > address->size() * 8) return std::nullopt;
  const int bits = static_cast<int>(*prefix);
  return Subnet{.base = masked(*address, bits), .prefix = bits};
}

std::string to_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family_number(address.family), address.bytes.data(), text.data(), text.size());
  return text.data();
}

std::string to_text(const Subnet& subnet) {
  return to_text(subnet.base) + "/" + std::to_string(subnet.prefix);
}

Address masked(const Address& address, int prefix) {
  Address result = address;
  for (std::size_t i = 0; i < result.bytes.size(); ++i) {
    const int bits = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    const unsigned mask = 0xFFU << (8 - bits);
    result.bytes[i] = static_cast<std::uint8_t>(result.bytes[i] & mask);
  }
  return result;
}

bool contains(const Subnet& subnet, const Address& address) {
  return address.family == subnet.base.family && masked(address, subnet.prefix) == subnet.base;
}

bool contains(const Subnet& outer, const Subnet& inner) {
  return inner.prefix >= outer.prefix && contains(outer, inner.base);
}

bool overlap(const Subnet& a, const Subnet& b) {
  return contains(a, b.base) || contains(b, a.base);
}

bool is_loopback(const Address& address) {
  if (address.family == Family::kV4) return address.bytes[0] == 127;
  return to_text(address) == "::1";
}

bool is_any(const Address& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

Address at(const Subnet& subnet, std::uint64_t offset) {
  Address result = subnet.base;
  std::uint64_t carry = offset;
  for (std::size_t i = result.size(); i-- > 0 && carry != 0;) {
    carry += result.bytes[i];
    result.bytes[i] = static_cast<std::uint8_t>(carry & 0xFF);
    carry >>= 8;
  }
  return result;
}

std::uint64_t offset_of(const Subnet& subnet, const Address& address) {
  return low_bits(address) - low_bits(subnet.base);
}

std::uint64_t size_of(const Subnet& subnet) {
  return std::uint64_t{1} << std::min(subnet.host_bits(), 63);
}

Address last_of(const Subnet& subnet) {
  Address result = subnet.base;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const int bits = std::clamp(subnet.prefix - static_cast<int>(i) * 8, 0, 8);
    result.bytes[i] = static_cast<std::uint8_t>(result.bytes[i] | (0xFFU >> bits));
  }
  return result;
}

std::optional<Mac> parse_mac(std::string_view text) {
  Mac mac{};
  if (text.size() != mac.size() * 3 - 1) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const auto byte = to_number<std::uint8_t>(text.substr(i * 3, 2), 16);
    const bool separated = i + 1 == mac.size() || text[i * 3 + 2] == ':' || text[i * 3 + 2] == '-';
    if (!byte || !separated) return std::nullopt;
    mac[i] = *byte;
  }
  return mac;
}

std::string to_text(const Mac& mac) {
  static constexpr char kLetters[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : mac) {
    if (!text.empty()) text += ':';
    text += kLetters[byte >> 4];
    text += kLetters[byte & 15];
  }
  return text;
}

Mac mac_for(const Address& address) {
  Mac mac{0x02, 0x42};
  const auto used = address.used().last(4);
  std::ranges::copy(used, mac.begin() + 2);
  return mac;
}

}  // namespace plimsoll::net
