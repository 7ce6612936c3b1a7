// The engine's answers as tables and lines for people. Pure.
#pragma once

#include <span>
#include <string>

#include "agent/limit/answer.h"
#include "base/clock.h"

namespace plimsoll::agent {

// A line about whom, then a table of knob, now, found before, lease, rule.
[[nodiscard]] std::string render_target(const ShownTarget& shown, WallTime now);
// All changed values of all containers; a sentence when there are none.
[[nodiscard]] std::string render_targets(std::span<const ShownTarget> all, WallTime now);
// What is or would be written, line by line, with reasons; then what is refused.
[[nodiscard]] std::string render_change(const ChangeAnswer& answer);
[[nodiscard]] std::string render_history(const HistoryAnswer& answer);
// `plan --what-if`: the table of the knobs that were asked for, now and then, and what that would
// mean.
[[nodiscard]] std::string render_what_if(const ShownTarget& before, const LimitWishes& wishes,
                                         std::span<const std::string> outlook);

}  // namespace plimsoll::agent
