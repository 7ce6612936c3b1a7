// What happened at a group's memory limits: v2 memory.events and memory.events.local, v1
// memory.oom_control.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// v2: "low 0\nhigh 3\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n". memory.events counts the
// descendants' events too, memory.events.local (Linux 5.2) only the group's own. oom_group_kill
// since 5.17, sock_throttled (not kept) 6.18.
struct MemoryEvents {
  std::optional<std::uint64_t> low, high, max, oom, oom_kill, oom_group_kill;
  bool operator==(const MemoryEvents&) const = default;
};
[[nodiscard]] Result<MemoryEvents> parse_memory_events(std::string_view text);

// memory.swap.events (v2, Linux 4.18): "high 0\nmax 2\nfail 1\n", with the descendants. high since
// 5.8.
struct SwapEvents {
  std::optional<std::uint64_t> high, max, fail;
  bool operator==(const SwapEvents&) const = default;
};
[[nodiscard]] Result<SwapEvents> parse_swap_events(std::string_view text);

// v1: "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"; oom_kill since Linux 4.13, the group's own
// kills only.
struct MemoryOomControl {
  std::optional<std::uint64_t> oom_kill_disable, under_oom, oom_kill;
  bool operator==(const MemoryOomControl&) const = default;
};
[[nodiscard]] Result<MemoryOomControl> parse_memory_oom_control(std::string_view text);

}  // namespace plimsoll::cgroupfs
