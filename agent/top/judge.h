// Who needs attention, and why. The thresholds are those of the alerts (alerts/values.yaml), looked
// at now instead of for minutes. Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/top/history.h"

namespace plimsoll::agent::top {

// Worst first, then in a fixed order. Empty: nothing to say.
[[nodiscard]] std::vector<Reason> judge(const Entry& entry, WallTime now);

// "!!" for an alarm, "!" for a warning, "." for a note, nothing for the rest: what a colour says
// too.
[[nodiscard]] std::string_view mark_of(Level level);
// The marks of all reasons: "OOM 2x, MEM 97%".
[[nodiscard]] std::string marks_of(const std::vector<Reason>& reasons);

}  // namespace plimsoll::agent::top
