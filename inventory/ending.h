// How a container ended, by what its runtime left on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace plimsoll::inventory {

struct Ending {
  std::int64_t exit_code = 0;
  std::optional<bool> oom_killed;  // The runtime's word; the kernel's are the OOM counters.
  std::optional<WallTime> started, finished;
  std::uint64_t restart_count = 0;
  bool operator==(const Ending&) const = default;
};

// dockerd's config.v2.json of a container: nothing while it runs, or is not known to have ended.
[[nodiscard]] Result<std::optional<Ending>> parse_docker_ending(std::string_view text);
// What conmon writes for podman and CRI-O: the exit code in decimal.
[[nodiscard]] std::optional<std::int64_t> parse_exit_file(std::string_view text);

}  // namespace plimsoll::inventory
