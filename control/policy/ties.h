// Rules of which nobody could say which one wins. Pure.
#pragma once

#include <span>
#include <vector>

#include "control/policy/problem.h"
#include "control/policy/rule.h"

namespace plimsoll::policy {

// Two rules of one name; and two rules of the same priority that set the same knob and may hold for
// the same container at the same time, whatever their modes are: "observe" today is "enforce"
// tomorrow. One problem for each pair, at the later rule, naming both.
[[nodiscard]] std::vector<Problem> ties_of(std::span<const Rule> rules);

}  // namespace plimsoll::policy
