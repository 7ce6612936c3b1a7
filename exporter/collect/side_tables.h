// One row's repeated values from the sampler's entry into the snapshot.
#pragma once

#include "cgroupfs/read/group.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Appends a row to every side table of the enabled groups but `filesystems`. Called row by row.
void append_side_tables(Snapshot& snapshot, const Entry& entry, const cgroupfs::GroupSet& groups);

// The columns that are wide: of a renewed snapshot, a row that did not change has them already.
void set_wide_columns(Snapshot& snapshot, std::size_t row, const cgroupfs::CgroupSample& sample,
                      const cgroupfs::GroupSet& groups);

}  // namespace plimsoll::exporter
