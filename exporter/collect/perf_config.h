// Which performance events are counted: what --perf_events_config says, read and checked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plimsoll::exporter {

// The event as perf_event_open(2) takes it.
struct PerfCode {
  std::uint32_t type = 0;  // PERF_TYPE_... or a PMU's number.
  std::array<std::uint64_t, 3> config{};
  bool operator==(const PerfCode&) const = default;
};

struct PerfEvent {
  std::string name;                // As configured; the label `event`. Uncore: "PMU/EVENT".
  std::optional<PerfCode> custom;  // Of custom_events: needs no table.
};
// Events that are counted together or not at all.
using PerfGroup = std::vector<PerfEvent>;

struct PerfConfig {
  std::vector<PerfGroup> core;    // Of every container.
  std::vector<PerfGroup> uncore;  // Of the host.
  // Counters held open at most; a container that would need more is left out and counted.
  std::size_t max_counters = 10'000;

  [[nodiscard]] bool empty() const { return core.empty() && uncore.empty(); }
};

}  // namespace plimsoll::exporter
