// Names of performance events and the numbers they stand for. Pure but for read_pmu.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "exporter/collect/perf_config.h"

namespace plimsoll::exporter {

// The kernel's own names, on every machine: "instructions", "cycles", "LLC-load-misses",
// "page-faults" ... as perf(1) spells them, and the PERF_COUNT_HW_... / PERF_COUNT_SW_... spellings
// that libpfm takes.
[[nodiscard]] std::optional<PerfCode> generic_event(std::string_view name);

// A PMU's format: "event" -> "config:0-7". And its events: "cas_count_read" ->
// "event=0x04,umask=0x03".
struct Pmu {
  std::uint32_t type = 0;
  std::map<std::string, std::string, std::less<>> format, events;
  std::string cpumask;  // "0,18": one CPU for each socket; "" for the cores' PMU.
};
// bus/event_source/devices/NAME below `sys`; kNotOffered if there is no such PMU.
[[nodiscard]] Result<Pmu> read_pmu(const DirFd& sys, const std::string& name);

// "event=0x3c,umask=0x1,inv" by the PMU's format. kInvalidInput names the term that has no place.
[[nodiscard]] Result<PerfCode> encode_event(const Pmu& pmu, std::string_view terms);

}  // namespace plimsoll::exporter
