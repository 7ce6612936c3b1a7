// The flags of `plimsoll limit`: which stands for which knob, and how its value is read. Options,
// help, docs/limit-guide.md and completions derive from this one table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cgroupfs/limit/knob.h"

namespace plimsoll::agent {

enum class Reading : std::uint8_t {
  kAsKnob,        // limit::parse_setting, which knows the knob's unit.
  kMicroseconds,  // A bare number is microseconds, as docker's --cpu-quota has it.
  kMemoryAndSwap  // docker's --memory-swap: memory and swap together.
};

struct LimitFlag {
  limit::Knob knob{};
  std::string_view names;  // "-m,--memory,--memory-max"; the first long one is the main one.
  std::string_view value;  // What help shows for it.
  std::string_view group;
  Reading reading = Reading::kAsKnob;
  std::string_view note;  // Instead of the knob's own help.
};

// Every knob at least once, in the order of help.
[[nodiscard]] std::span<const LimitFlag> limit_flags();
// "--memory" of "-m,--memory,--memory-max".
[[nodiscard]] std::string_view main_name(const LimitFlag& flag);
// One line: what it limits, and the knob's name.
[[nodiscard]] std::string help_of(const LimitFlag& flag);
[[nodiscard]] inline bool is_switch(const LimitFlag& flag) {
  return limit::info_of(flag.knob).unit == limit::Unit::kSwitch;
}
[[nodiscard]] inline bool has_detail(const LimitFlag& flag) {
  return limit::info_of(flag.knob).detail != limit::Detail::kNone;
}

// The table of docs/limit-guide.md.
[[nodiscard]] std::string flags_markdown();

}  // namespace plimsoll::agent
