// Group network: interfaces as the container sees them.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

template <auto kMember>
void write_counter(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const InterfaceCounters& net : context.snapshot.interfaces.of(row)) {
      const std::optional<std::uint64_t> value = net.*kMember;
      if (value) out.count(labels, *value, {{"interface", net.name}});
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr std::string_view kSource = "RTM_GETSTATS, else PROC/PID/net/dev";
constexpr std::string_view kInside = "inside the namespace: PROC/PID/net/dev";
constexpr std::string_view kOwnOnly =
    "Only for the container that owns its network: with the host's network cAdvisor reports the "
    "host's traffic, in a pod only the sandbox has any.";
constexpr std::string_view kSlower = "Read every few seconds.";

using Net = InterfaceCounters;
constexpr Family kFamilies[] = {
    {{"container_network_receive_bytes_total", kCounter, "bytes", Group::kNetwork, "interface",
      "Bytes received.", kSource, kSource, kOwnOnly},
     write_counter<&Net::rx_bytes>},
    {{"container_network_receive_packets_total", kCounter, "", Group::kNetwork, "interface",
      "Packets received.", kSource, kSource, kOwnOnly},
     write_counter<&Net::rx_packets>},
    {{"container_network_receive_packets_dropped_total", kCounter, "", Group::kNetwork, "interface",
      "Received packets dropped.", kInside, kInside, kSlower},
     write_counter<&Net::rx_dropped>},
    {{"container_network_receive_errors_total", kCounter, "", Group::kNetwork, "interface",
      "Errors while receiving.", kInside, kInside, kSlower},
     write_counter<&Net::rx_errors>},
    {{"container_network_transmit_bytes_total", kCounter, "bytes", Group::kNetwork, "interface",
      "Bytes sent.", kSource, kSource, kOwnOnly},
     write_counter<&Net::tx_bytes>},
    {{"container_network_transmit_packets_total", kCounter, "", Group::kNetwork, "interface",
      "Packets sent.", kSource, kSource, kOwnOnly},
     write_counter<&Net::tx_packets>},
    {{"container_network_transmit_packets_dropped_total", kCounter, "", Group::kNetwork,
      "interface", "Packets dropped while sending.", kInside, kInside, kSlower},
     write_counter<&Net::tx_dropped>},
    {{"container_network_transmit_errors_total", kCounter, "", Group::kNetwork, "interface",
      "Errors while sending.", kInside, kInside, kSlower},
     write_counter<&Net::tx_errors>},
};

}  // namespace

std::span<const Family> families_network() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
