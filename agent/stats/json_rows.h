// Rows of an exporter's JSON (docs/api.md, "Snapshot"). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "agent/stats/row.h"
#include "base/error.h"

namespace plimsoll::agent {

// One snapshot object. Nothing for other objects of a stream (history points, notes about skipped
// snapshots). kMalformed when it is no JSON or not our shape; members we do not know are skipped,
// members of an unexpected type are absent.
[[nodiscard]] Result<std::optional<StatsFrame>> parse_frame(std::string_view json);

}  // namespace plimsoll::agent
