// Limits proposed from what was seen, each with its reason; and what the limits of all containers
// together mean for the host. Pure. docs/events.md says how it is reckoned; decision 0024 why.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/advice/observe.h"

namespace plimsoll::control {

struct AdviceOptions {
  // Less than this is too little to say anything.
  std::chrono::nanoseconds min_seen = std::chrono::minutes(4);
  std::size_t min_samples = 10;  // An idle container is told of rarely.
  double memory_margin = 1.08;   // Above the highest working set.
  double cpu_margin = 1.10;      // Above the highest usage, or above the 95th percentile of bursts.
};

enum class Confidence : std::uint8_t {
  kLow,     // Less than an hour: it may not have done all that it does.
  kMedium,  // Less than a day.
  kHigh
};
[[nodiscard]] std::string_view name_of(Confidence confidence);

struct Proposal {
  std::string knob;               // "memory.max", "cpu.max", "cpu.max.burst", "pids.max".
  std::optional<double> current;  // In the same unit; nothing: no limit.
  double value = 0;               // Bytes, cores, microseconds of burst, tasks.
  std::string text;               // "64M", "0.25": as `plimsoll limit set` takes it.
  std::string why;
};

struct Advice {
  std::string name;
  std::string cgroup;
  std::chrono::nanoseconds seen{};
  std::size_t samples = 0;
  Confidence confidence = Confidence::kLow;
  std::string refusal;  // Why there is nothing; "" otherwise.
  std::vector<Proposal> proposals;
};

[[nodiscard]] Advice advise(const Observation& seen, const AdviceOptions& options = {});

// 0 to 1, by the nearest rank; 0 of nothing.
[[nodiscard]] double percentile(std::vector<double> values, double share);

struct Headroom {
  Host host;
  std::uint64_t memory_limits = 0;  // The sum.
  std::uint64_t working_sets = 0;   // The highest of each, summed.
  double cpu_limits = 0;
  double cpu_peaks = 0;  // The 95th percentiles, summed.
  std::size_t containers = 0;
  std::size_t without_memory_limit = 0;
  std::size_t without_cpu_limit = 0;
  std::vector<std::string> notes;  // What it means, a sentence each.
};
[[nodiscard]] Headroom headroom_of(std::span<const Observation> all, const Host& host);

[[nodiscard]] std::string to_json(std::span<const Advice> advice, const Headroom& headroom);
[[nodiscard]] std::string to_text(const Advice& advice);
[[nodiscard]] std::string to_text(const Headroom& headroom);

}  // namespace plimsoll::control
