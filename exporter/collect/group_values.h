// Values of the groups that are off by default, as rows of a snapshot carry them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plimsoll::exporter {

// Sockets of a network namespace by state, in cAdvisor's order and words.
inline constexpr std::array<std::string_view, 11> kTcpStates = {
    "established", "synsent",   "synrecv", "finwait1", "finwait2", "timewait",
    "close",       "closewait", "lastack", "listen",   "closing"};
using TcpStates =
    std::array<std::uint64_t, kTcpStates.size()>;  // Index + 1 is the kernel's number.

struct UdpSockets {
  std::uint64_t sockets = 0;    // cAdvisor calls all of them "listen".
  std::uint64_t dropped = 0;    // Datagrams, of the sockets that are open now.
  std::uint64_t rx_queued = 0;  // Bytes.
  std::uint64_t tx_queued = 0;
  bool operator==(const UdpSockets&) const = default;
};

// What the groups tcp, udp and advtcp say about one network namespace.
struct SocketStats {
  std::optional<TcpStates> tcp, tcp6;
  std::optional<UdpSockets> udp, udp6;
  // Tcp: of net/snmp and TcpExt: of net/netstat, keys in lower case: cAdvisor's list, in its order.
  // A key this kernel does not have is not there. MaxConn is -1 where it is unlimited.
  std::vector<std::pair<std::string_view, std::int64_t>> advanced;
};
using SocketStatsPtr = std::shared_ptr<const SocketStats>;

// One event of a cgroup on one CPU, or over all of them.
struct PerfCount {
  std::shared_ptr<const std::string> event;
  std::int32_t cpu = -1;  // -1: summed over all CPUs.
  std::uint64_t value = 0;
  double scaling = 1;  // Share of the time in which it really counted; `value` is scaled up by it.
};

// One event of a PMU outside of the cores. The host's row only.
struct UncoreCount {
  std::shared_ptr<const std::string> event, pmu;
  std::int64_t socket = 0;
  std::uint64_t value = 0;
  double scaling = 1;
};

// What the CPU's monitoring of caches and memory says about one cache domain.
struct ResctrlUsage {
  std::uint32_t node = 0;  // The position among the domains, cAdvisor's node_id.
  std::optional<std::uint64_t> total_bytes,
      local_bytes;                         // Memory traffic since the group was made.
  std::optional<std::uint64_t> llc_bytes;  // In the last level cache now.
  bool operator==(const ResctrlUsage&) const = default;
};

}  // namespace plimsoll::exporter
