// Findings as text for people or as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/doctor/checks.h"

namespace plimsoll::agent {

enum class Paint { kPlain, kColours };

// A line per finding, "OK    kernel   6.1.0-18-amd64"; a remedy stands on the next line after "->".
[[nodiscard]] std::string report_text(const std::vector<Finding>& findings, Paint paint);
// {"usable":true,"findings":[{"level":"OK","subject":"kernel","text":"..","remedy":".."}]}
[[nodiscard]] std::string report_json(const std::vector<Finding>& findings);

}  // namespace plimsoll::agent
