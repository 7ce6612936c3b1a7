// What a container uses at one moment, and how Docker's API shows it.
//
// Absent is not zero: what a kernel does not offer is left out of the object, or has no value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace plimsoll::docker {

struct CpuUsage {
  std::uint64_t total_ns = 0;
  std::uint64_t kernel_ns = 0;
  std::uint64_t user_ns = 0;
  std::vector<std::uint64_t> per_cpu_ns;  // v1 only.
  // What all CPUs together could have given until now: elapsed time by CPU, and not the ticks of
  // /proc/stat, so that two samples a tenth of a second apart tell a share to the percent.
  std::uint64_t host_ns = 0;
  std::uint32_t online = 0;
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  std::uint64_t throttled_ns = 0;
};

struct MemoryUsage {
  std::uint64_t usage = 0;
  std::optional<std::uint64_t> max_usage;
  std::optional<std::uint64_t> failcnt;
  std::uint64_t limit = 0;                     // The host's memory, where there is none.
  std::map<std::string, std::uint64_t> stats;  // memory.stat as the kernel names it.
};

struct BlockIo {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string op;
  std::uint64_t value = 0;
};

struct InterfaceCounters {
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
  bool operator==(const InterfaceCounters&) const = default;
};

struct Usage {
  std::optional<WallTime> read;  // Absent: it does not run, all is zero.
  CpuUsage cpu;
  MemoryUsage memory;
  std::vector<BlockIo> io_bytes;
  std::vector<BlockIo> io_operations;  // v1 only.
  std::optional<std::uint64_t> pids;
  std::optional<std::uint64_t> pids_limit;
  std::map<std::string, InterfaceCounters> networks;
};

// `before` absent: the first of a stream.
struct StatsOf {
  std::string_view id;
  std::string_view name;
};
[[nodiscard]] std::string stats_json(StatsOf container, const Usage& now,
                                     const std::optional<Usage>& before);

// --- Kernel text. Pure. ---

// memory.stat, cpu.stat and their like: "key value" lines. kMalformed: the line.
[[nodiscard]] Result<std::map<std::string, std::uint64_t>> parse_keyed(std::string_view text);
// blkio.*: "254:0 Read 4096"; the sum of all at the end is left out.
[[nodiscard]] Result<std::vector<BlockIo>> parse_blkio(std::string_view text);
// io.stat: "254:0 rbytes=4096 wbytes=0 ..."; of each device its "read" and "write".
[[nodiscard]] Result<std::vector<BlockIo>> parse_io_stat(std::string_view text);
// net/dev without the loopback.
[[nodiscard]] Result<std::map<std::string, InterfaceCounters>> parse_net_dev(std::string_view text);

}  // namespace plimsoll::docker
