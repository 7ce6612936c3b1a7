// The rules, and what they decide, as JSON for the API and the command line. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/policy/decide.h"
#include "control/policy/load.h"

namespace plimsoll::policy {

// {"loaded":"RFC 3339","files":[...],"rules":[RULE...],"problems":["10-web.yaml:3:5: ..."]}
// RULE: name, file, line, priority, mode, drift, match, not, limits, when, as they were written.
[[nodiscard]] std::string policy_json(const PolicySet& set, std::span<const Problem> problems);

// {"rules":[{"rule","mode","priority","verdict","why"}...],
//  "knobs":[{"knob","detail","candidates":[{"rule","standing","value","how"}...]}...],
//  "next_change":"RFC 3339"}
// Rules that match come first in neither: both have their own order.
[[nodiscard]] std::string decision_json(const Decision& decision);

}  // namespace plimsoll::policy
