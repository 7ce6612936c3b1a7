// What /proc/PID/net says about a network namespace, parsed: pure functions, no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// PROC/PID/net/dev, every interface (lo too), in the kernel's order:
//   "  eth0: 1296 16 0 0 0 0 0 0 816 10 0 0 0 0 0 0"
// The drop column for received packets is rx_dropped + rx_missed_errors of if_link.h.
[[nodiscard]] Result<std::vector<InterfaceCounters>> parse_net_dev(std::string_view text);

// PROC/PID/net/dev_mcast: "4    eth0            1     0     01005e000001", one line for each
// link-layer multicast address. Every interface that is up and takes multicast has one, and this is
// the only text that joins an interface's name to its number without a capability.
struct NumberedInterface {
  std::int32_t ifindex = 0;
  std::string name;
  bool operator==(const NumberedInterface&) const = default;
};
[[nodiscard]] Result<std::vector<NumberedInterface>> parse_dev_mcast(std::string_view text);

// PROC/PID/stat, field 22: when the process started, in clock ticks since boot. With the pid it
// names one process for ever.
[[nodiscard]] Result<std::uint64_t> parse_start_time(std::string_view text);

}  // namespace plimsoll::exporter
