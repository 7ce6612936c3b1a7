// Tables of sockets and TCP counters of a network namespace, parsed: pure functions, no I/O.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "exporter/collect/group_values.h"

namespace plimsoll::exporter {

// Whole lines of PROC/PID/net/tcp or tcp6, with or without the heading; results of several pieces
// add up. The state is the fourth word, in hexadecimal:
//   "   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4711 1 ..."
[[nodiscard]] Result<TcpStates> count_tcp(std::string_view lines);

// The same of net/udp or udp6; the fifth word is tx_queue:rx_queue, the last the drops:
//   " 271: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000  0  0 9 2 0 0"
[[nodiscard]] Result<UdpSockets> count_udp(std::string_view lines);

// PROC/PID/net/netstat or snmp, lines in pairs: "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0
// 12\n". The counters of `protocol` that cAdvisor has, as found in the text.
using TcpCounters = std::vector<std::pair<std::string_view, std::int64_t>>;
[[nodiscard]] Result<TcpCounters> parse_tcp_counters(std::string_view text,
                                                     std::string_view protocol);

// cAdvisor's list of counters, in its order.
[[nodiscard]] const std::vector<std::string_view>& tcp_counter_names();
// Sorted into that order, each once.
[[nodiscard]] TcpCounters in_order(TcpCounters counters);

}  // namespace plimsoll::exporter
