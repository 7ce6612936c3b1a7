#include "cgroupfs/parse/memory_events.h"

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr auto kEventKeys = std::to_array<Key<MemoryEvents>>({
    {"low", &MemoryEvents::low},
    {"high", &MemoryEvents::high},
    {"max", &MemoryEvents::max},
    {"oom", &MemoryEvents::oom},
    {"oom_kill", &MemoryEvents::oom_kill},
    {"oom_group_kill", &MemoryEvents::oom_group_kill},
});

constexpr auto kSwapEventKeys = std::to_array<Key<SwapEvents>>({
    {"high", &SwapEvents::high},
    {"max", &SwapEvents::max},
    {"fail", &SwapEvents::fail},
});

constexpr auto kOomControlKeys = std::to_array<Key<MemoryOomControl>>({
    {"oom_kill_disable", &MemoryOomControl::oom_kill_disable},
    {"under_oom", &MemoryOomControl::under_oom},
    {"oom_kill", &MemoryOomControl::oom_kill},
});

}  // namespace

Result<MemoryEvents> parse_memory_events(std::string_view text) {
  return parse_keyed(text, kEventKeys);
}

Result<SwapEvents> parse_swap_events(std::string_view text) {
  return parse_keyed(text, kSwapEventKeys);
}

Result<MemoryOomControl> parse_memory_oom_control(std::string_view text) {
  return parse_keyed(text, kOomControlKeys);
}

}  // namespace plimsoll::cgroupfs
