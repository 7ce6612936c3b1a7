// The text of one policy file to its rules. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/policy/problem.h"
#include "control/policy/rule.h"

namespace plimsoll::policy {

struct Decoded {
  std::vector<Rule> rules;        // In the order of the file; those without a problem of their own.
  std::vector<Problem> problems;  // All that there are, from the top; any means: do not use it.
};

[[nodiscard]] Decoded decode(const std::string& file, std::string_view text);

}  // namespace plimsoll::policy
