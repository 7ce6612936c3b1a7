// What was seen of one container over a time, as advice needs it, and how it is read out of an
// exporter's JSON (docs/api.md: a container with its history). Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::control {

struct Observation {
  std::string name;  // What people call it.
  std::string cgroup;
  std::chrono::nanoseconds seen{};  // From the first point to the last.
  std::size_t samples = 0;

  std::vector<double> cpu_cores;  // About one per second, idle ones included.
  std::vector<std::uint64_t> working_set;
  std::optional<std::uint64_t> peak;              // The kernel's, since the group was made.
  std::optional<std::uint64_t> unreclaimable;     // Now: anonymous, shared, kernel.
  std::optional<double> throttled_share;          // Of the periods, 0 to 1.
  std::optional<double> memory_stall, cpu_stall;  // Of the time, 0 to 1.
  std::uint64_t oom_kills = 0;
  std::uint64_t most_pids = 0;

  // Limits as they are; nothing: none.
  std::optional<double> cpu_limit;  // Cores.
  std::optional<std::uint64_t> memory_limit, pids_limit;
};

struct Host {
  std::uint64_t memory = 0;
  double cores = 0;
};

// One object of /api/v1/containers/REF?history=..; kMalformed when it is none.
[[nodiscard]] Result<Observation> parse_observation(std::string_view json);
// The names of a snapshot's containers ("/api/v1/containers"), the ids to ask for, and the host.
struct Overview {
  Host host;
  std::vector<std::string> ids;
};
[[nodiscard]] Result<Overview> parse_overview(std::string_view json);

}  // namespace plimsoll::control
