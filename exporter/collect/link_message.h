// rtnetlink(7) messages about network interfaces, parsed: pure functions over bytes the kernel
// sent.
#pragma once

#include <linux/if_link.h>
#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plimsoll::exporter {

struct LinkCounters {
  std::uint64_t rx_bytes = 0, rx_packets = 0, tx_bytes = 0, tx_packets = 0;
  std::uint64_t rx_errors = 0, rx_dropped = 0, tx_errors = 0, tx_dropped = 0;
  bool operator==(const LinkCounters&) const = default;
};

struct HostLink {
  std::string name;
  // Set for a pair's host end (veth, netkit) whose other end is in another namespace: the kernel's
  // number for that namespace, as the host's namespace counts, and the other end's ifindex there.
  std::optional<std::int32_t> peer_nsid;
  std::int32_t peer_ifindex = 0;
  LinkCounters counters;
};

// RTM_NEWLINK, RTM_DELLINK; nothing if it is not about a device itself (bridge ports have messages
// of the same type).
struct LinkMessage {
  std::int32_t ifindex = 0;
  HostLink link;         // Without counters.
  bool is_pair = false;  // A veth or netkit, wherever its other end is.
};
[[nodiscard]] std::optional<LinkMessage> parse_link(const nlmsghdr& message);

// RTM_NEWSTATS with IFLA_STATS_LINK_64; nothing without it. The sums are /proc/net/dev's.
struct StatsMessage {
  std::int32_t ifindex = 0;
  LinkCounters counters;
};
[[nodiscard]] std::optional<StatsMessage> parse_stats(const nlmsghdr& message);

// The answer to RTM_GETNSID; nothing if the namespace has no number.
[[nodiscard]] std::optional<std::int32_t> parse_nsid(const nlmsghdr& message);

// One attribute: its type without flags, and its payload.
struct Attribute {
  std::uint16_t type = 0;
  std::span<const std::byte> payload;

  // The value, or nothing if the payload is too short for it.
  template <class T>
  [[nodiscard]] std::optional<T> number() const {
    T value{};
    if (payload.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  // Up to the first NUL.
  [[nodiscard]] std::string_view text() const;
};

// Takes the next attribute off `bytes`; false at the end, or where what is left is not one.
[[nodiscard]] bool next_attribute(std::span<const std::byte>& bytes, Attribute& attribute);

// The attributes of a message whose own header is a `Family`; empty if it is too short.
template <class Family>
[[nodiscard]] std::span<const std::byte> attributes_of(const nlmsghdr& message) {
  const std::span bytes(reinterpret_cast<const std::byte*>(&message), message.nlmsg_len);
  constexpr std::size_t kHead = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(Family)));
  return bytes.size() < kHead ? std::span<const std::byte>() : bytes.subspan(kHead);
}

}  // namespace plimsoll::exporter
