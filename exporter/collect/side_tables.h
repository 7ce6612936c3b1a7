// One row's repeated values from the sampler's entry into the snapshot.
#pragma once

#include "cgroupfs/read/group.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Appends a row to every side table of the enabled groups. Called row by row. `disk` may be null.
void append_side_tables(Snapshot& snapshot, const Entry& entry, const cgroupfs::GroupSet& groups,
                        const FilesystemCollector::Results* disk);

// The fields, with those of a container's payload (payload.h) where it has one.
void set_numbers(Snapshot& snapshot, std::size_t row, const Entry& entry);

// The size of the writable layer, where it is known.
void set_layer_fields(Snapshot& snapshot, std::size_t row, const Entry& entry,
                      const FilesystemCollector::Results* disk);

// The columns that are wide: of a renewed snapshot, a row that did not change has them already.
void set_wide_columns(Snapshot& snapshot, std::size_t row, const cgroupfs::CgroupSample& sample,
                      const cgroupfs::GroupSet& groups);

}  // namespace plimsoll::exporter
