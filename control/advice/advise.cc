#include "control/advice/advise.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr double kPeriodMicroseconds = 100'000;
constexpr double kLeastCores = 0.01;  // The kernel's least quota at the usual period.

std::uint64_t round_up(double bytes) {
  return static_cast<std::uint64_t>(std::ceil(std::max(bytes, 0.0) / static_cast<double>(kMiB))) *
         kMiB;
}

std::string cores_text(double cores) {
  std::array<char, 32> text{};
  const auto [end, error] =
      std::to_chars(text.begin(), text.end(), cores, std::chars_format::fixed, 2);
  return error == std::errc() ? std::string(text.data(), end) : std::string("0");
}

std::string percent_text(double share) {
  return cores_text(share * 100) + "%";
}

Confidence confidence_of(std::chrono::nanoseconds seen) {
  if (seen < std::chrono::hours(1)) return Confidence::kLow;
  return seen < std::chrono::hours(24) ? Confidence::kMedium : Confidence::kHigh;
}

void propose_memory(const Observation& seen, const AdviceOptions& options, Advice& advice) {
  if (seen.working_set.empty()) return;
  const std::uint64_t peak = std::ranges::max(seen.working_set);
  double value = static_cast<double>(peak) * options.memory_margin;
  std::string why = "its working set was " + bytes_text(peak) + " at most";
  // Nothing of this can be taken away: a lower limit would kill.
  const auto floor = static_cast<double>(seen.unreclaimable.value_or(0)) * 1.05;
  if (floor > value) {
    value = floor;
    why = bytes_text(*seen.unreclaimable) + " of it cannot be reclaimed now";
  }
  const auto limit = static_cast<double>(seen.memory_limit.value_or(0));
  if (seen.memory_limit && seen.oom_kills > 0 && value < limit * 1.2) {
    value = limit * 1.2;
    why += "; it was killed " + std::to_string(seen.oom_kills) +
           " times at the present limit, so what it needs was never seen: a fifth more";
  } else if (seen.memory_limit && seen.memory_stall.value_or(0) > 0.10 && value < limit * 1.25) {
    value = limit * 1.25;
    why += "; it stood still for memory " + percent_text(*seen.memory_stall) +
           " of the time at the present limit: a quarter more";
  }
  const std::uint64_t bytes = std::max(round_up(value), kMiB);
  Proposal proposal{.knob = "memory.max",
                    .value = static_cast<double>(bytes),
                    .text = std::to_string(bytes / kMiB) + "M",
                    .why = std::move(why)};
  if (seen.memory_limit) proposal.current = limit;
  advice.proposals.push_back(std::move(proposal));
}

void propose_cpu(const Observation& seen, const AdviceOptions& options, Advice& advice) {
  if (seen.cpu_cores.empty()) return;
  const double highest = std::ranges::max(seen.cpu_cores);
  const double p95 = percentile(seen.cpu_cores, 0.95);
  const double mean = std::accumulate(seen.cpu_cores.begin(), seen.cpu_cores.end(), 0.0) /
                      static_cast<double>(seen.cpu_cores.size());
  // Usage under a limit is the limit: how much more it would take nobody saw.
  const bool held = seen.cpu_limit && seen.throttled_share.value_or(0) > 0.01;
  const bool bursty = !held && highest > 0.1 && highest > 2 * p95 && highest > 3 * mean;
  double cores = (bursty ? p95 : highest) * options.cpu_margin;
  std::string why = bursty ? "it used " + cores_text(p95) + " cores 95% of the time, and " +
                                 cores_text(highest) + " in bursts"
                           : "it used " + cores_text(highest) + " cores at most, " +
                                 cores_text(mean) + " on average";
  if (held) {
    cores = std::max(cores, *seen.cpu_limit * 1.5);
    why = percent_text(*seen.throttled_share) + " of its periods were throttled at " +
          cores_text(*seen.cpu_limit) +
          " cores, so what it needs was never seen: half as much more";
  }
  if (bursty) cores = std::max(cores, mean * 1.5);
  cores = std::max(std::ceil(cores * 100) / 100, kLeastCores);
  Proposal quota{.knob = "cpu.max", .value = cores, .text = cores_text(cores), .why = why};
  quota.current = seen.cpu_limit;
  advice.proposals.push_back(std::move(quota));
  if (!bursty) return;
  // The kernel lets a group save up at most its quota.
  const double wanted = (highest - cores) * kPeriodMicroseconds;
  const double burst = std::floor(std::clamp(wanted, 0.0, cores * kPeriodMicroseconds));
  if (burst < 1000) return;
  advice.proposals.push_back({.knob = "cpu.max.burst",
                              .value = burst,
                              .text = std::to_string(static_cast<std::uint64_t>(burst)) + "us",
                              .why = "short bursts pass from time saved up, at the same average"});
}

void propose_pids(const Observation& seen, Advice& advice) {
  if (seen.most_pids == 0) return;
  const std::uint64_t value = std::max<std::uint64_t>(seen.most_pids * 2, 64);
  Proposal proposal{.knob = "pids.max",
                    .value = static_cast<double>(value),
                    .text = std::to_string(value),
                    .why = "it had " + std::to_string(seen.most_pids) +
                           " tasks at most; twice that stops a fork bomb and little else"};
  if (seen.pids_limit) proposal.current = static_cast<double>(*seen.pids_limit);
  advice.proposals.push_back(std::move(proposal));
}

}  // namespace

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      return "high";
  }
  return "";
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double rank = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size()));
  return values[std::max<std::size_t>(static_cast<std::size_t>(rank), 1) - 1];
}

Advice advise(const Observation& seen, const AdviceOptions& options) {
  Advice advice{.name = seen.name,
                .cgroup = seen.cgroup,
                .seen = seen.seen,
                .samples = seen.samples,
                .confidence = confidence_of(seen.seen)};
  if (seen.seen < options.min_seen || seen.samples < options.min_samples) {
    advice.refusal = "seen for " + duration_text(seen.seen) + " in " +
                     std::to_string(seen.samples) + " samples; at least " +
                     duration_text(options.min_seen) + " and " +
                     std::to_string(options.min_samples) + " samples are needed";
    return advice;
  }
  propose_memory(seen, options, advice);
  propose_cpu(seen, options, advice);
  propose_pids(seen, advice);
  if (advice.proposals.empty()) advice.refusal = "no numbers of CPU, memory or tasks were seen";
  return advice;
}

}  // namespace plimsoll::control
