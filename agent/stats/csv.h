// Rows as comma separated values for programs and spreadsheets (RFC 4180 but for the line ends,
// which are '\n'). Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/stats/raw_fields.h"

namespace plimsoll::agent {

// The names, once before the first rows.
[[nodiscard]] std::string csv_header(const std::vector<const RawField*>& fields);

// A line per row. Absent values are empty, unlimited ones "inf"; control characters become '?',
// so that a row is a line and a terminal is not driven.
[[nodiscard]] std::string csv_lines(const std::vector<const RawField*>& fields,
                                    const std::vector<StatsRow>& rows, const TextStyle& style);

}  // namespace plimsoll::agent
