// From the sampler's entries to a snapshot, at the cost of what changed. Private to the sampler.
//
// Of a thousand groups few change from tick to tick. A row that did not is still right in the
// columns of an older snapshot, and its repeated values are copied from the last one, where they
// stand together.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cgroupfs/read/group.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/group_collectors.h"
#include "exporter/collect/snapshot.h"
#include "exporter/collect/snapshot_pool.h"
#include "exporter/collect/tombstones.h"

namespace plimsoll::exporter {

class SnapshotFiller {
 public:
  explicit SnapshotFiller(cgroupfs::GroupSet groups) : groups_(groups) {}

  // What else there is about the rows.
  struct Found {
    const FilesystemCollector::Results* disk;  // May be null.
    const GroupCollectors& groups;
  };
  // Of an empty snapshot that has its sequence, times and rows_since. `rows` are the entries with a
  // row, by path; whatever changed of one says so in Entry::changed.
  void fill(Snapshot& snapshot, std::span<Entry* const> rows, const Found& found,
            Tombstones& tombstones);
  [[nodiscard]] SnapshotPtr publish(std::unique_ptr<Snapshot> snapshot);

 private:
  void fill_rows(Snapshot& snapshot, std::span<Entry* const> rows, const Found& found);
  [[nodiscard]] bool follows_last(const Snapshot& snapshot) const {
    return last_ && last_->sequence >= snapshot.rows_since;
  }

  const cgroupfs::GroupSet groups_;
  SnapshotPool pool_;
  SnapshotPtr last_;
  std::vector<std::uint32_t> parents_;  // Per row ...
  std::uint64_t parents_since_ = 0;     // ... of the snapshots since then.
};

}  // namespace plimsoll::exporter
