// Groups tcp, udp and advtcp: sockets of the network namespace that a container owns.
#include "exporter/collect/socket_text.h"
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// `each(labels, stats)` for rows that own a namespace; stats is null for the others, and in strict
// these are rows of zeros.
template <class Each>
void for_each_stats(FamilyWriter& out, const Context& context, Each each) {
  const std::vector<SocketStatsPtr>& sockets = context.snapshot.sockets;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const SocketStats* const stats = row < sockets.size() ? sockets[row].get() : nullptr;
    if (stats != nullptr || out.invents_zeros()) each(labels, stats);
  });
}

template <std::optional<TcpStates> SocketStats::* kMember>
void write_tcp(FamilyWriter& out, const Context& context) {
  for_each_stats(out, context, [&](std::string_view labels, const SocketStats* stats) {
    const bool known = stats != nullptr && (stats->*kMember).has_value();
    if (!known && !out.invents_zeros()) return;
    const TcpStates states = known ? *(stats->*kMember) : TcpStates{};
    for (std::size_t i = 0; i < states.size(); ++i)
      out.count(labels, states[i], {{"tcp_state", kTcpStates[i]}});
  });
}

struct UdpState {
  std::string_view name;
  std::uint64_t UdpSockets::* member;
};

template <std::optional<UdpSockets> SocketStats::* kMember>
void write_udp(FamilyWriter& out, const Context& context) {
  static constexpr UdpState kStates[] = {{"listen", &UdpSockets::sockets},
                                         {"dropped", &UdpSockets::dropped},
                                         {"rxqueued", &UdpSockets::rx_queued},
                                         {"txqueued", &UdpSockets::tx_queued}};
  for_each_stats(out, context, [&](std::string_view labels, const SocketStats* stats) {
    const bool known = stats != nullptr && (stats->*kMember).has_value();
    if (!known && !out.invents_zeros()) return;
    const UdpSockets sockets = known ? *(stats->*kMember) : UdpSockets{};
    for (const auto& [name, member] : kStates)
      out.count(labels, sockets.*member, {{"udp_state", name}});
  });
}

void write_advanced(FamilyWriter& out, const Context& context) {
  for_each_stats(out, context, [&](std::string_view labels, const SocketStats* stats) {
    if (!out.invents_zeros()) {
      for (const auto& [name, value] : stats->advanced)
        out.integer(labels, value, {{"tcp_state", name}});
      return;
    }
    // All names, in the order that `advanced` has too.
    std::size_t next = 0;
    for (const std::string_view name : tcp_counter_names()) {
      const bool known =
          stats != nullptr && next < stats->advanced.size() && stats->advanced[next].first == name;
      out.integer(labels, known ? stats->advanced[next].second : 0, {{"tcp_state", name}});
      if (known) ++next;
    }
  });
}

constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kOwner =
    "Only for the container that owns its network, and for the host; every 10 s.";

constexpr Family kFamilies[] = {
    {{"container_network_tcp_usage_total", kGauge, "", Group::kTcp, "tcp_state",
      "TCP sockets over IPv4 by state.", "PROC/PID/net/tcp", "PROC/PID/net/tcp", kOwner},
     write_tcp<&SocketStats::tcp>},
    {{"container_network_tcp6_usage_total", kGauge, "", Group::kTcp, "tcp_state",
      "TCP sockets over IPv6 by state.", "PROC/PID/net/tcp6", "PROC/PID/net/tcp6", kOwner},
     write_tcp<&SocketStats::tcp6>},
    {{"container_network_udp_usage_total", kGauge, "", Group::kUdp, "udp_state",
      "UDP sockets over IPv4, datagrams they dropped, bytes in their queues.", "PROC/PID/net/udp",
      "PROC/PID/net/udp",
      "udp_state is listen (all sockets), dropped, rxqueued or txqueued. cAdvisor exchanges the "
      "two queues."},
     write_udp<&SocketStats::udp>},
    {{"container_network_udp6_usage_total", kGauge, "", Group::kUdp, "udp_state",
      "UDP sockets over IPv6, datagrams they dropped, bytes in their queues.", "PROC/PID/net/udp6",
      "PROC/PID/net/udp6", "As container_network_udp_usage_total."},
     write_udp<&SocketStats::udp6>},
    {{"container_network_advance_tcp_stats_total", kGauge, "", Group::kAdvTcp, "tcp_state",
      "Counters of TCP in the container's network namespace.",
      "PROC/PID/net/snmp: Tcp, PROC/PID/net/netstat: TcpExt",
      "PROC/PID/net/snmp: Tcp, PROC/PID/net/netstat: TcpExt",
      "tcp_state is the kernel's key in small letters, of cAdvisor's list; keys that this kernel "
      "does not have are absent, where cAdvisor prints 0. Most are counters, though the type says "
      "gauge."},
     write_advanced},
};

}  // namespace

std::span<const Family> families_sockets() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
