// Rows of a snapshot that this process sampled itself. Pure.
#pragma once

#include "agent/stats/row.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::agent {

[[nodiscard]] StatsFrame frame_of(const exporter::Snapshot& snapshot);

}  // namespace plimsoll::agent
