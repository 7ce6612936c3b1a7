// Rows of a snapshot that this process sampled itself. Pure.
#pragma once

#include "agent/stats/row.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::agent {

// Who it is, without a number.
[[nodiscard]] StatsRow identity_row(const inventory::Identity& identity);
[[nodiscard]] StatsFrame frame_of(const exporter::Snapshot& snapshot);

}  // namespace plimsoll::agent
