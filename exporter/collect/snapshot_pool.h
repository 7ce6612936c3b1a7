// Snapshots whose readers are gone, for their memory and what is still true in it: a megabyte per
// thousand containers that would otherwise be mapped, zeroed and filled anew every second.
//
// A snapshot comes back when its last reader lets go of it, from whichever thread. The pool itself
// lives as long as any of them.
#pragma once

#include <memory>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

class SnapshotPool {
 public:
  SnapshotPool();

  // A snapshot that came back, as its readers saw it, to be renewed; else a new, empty one.
  [[nodiscard]] std::unique_ptr<Snapshot> take();
  // Never changed from now on.
  [[nodiscard]] SnapshotPtr publish(std::unique_ptr<Snapshot> snapshot) const;

 private:
  struct Spare;
  std::shared_ptr<Spare> spare_;
};

}  // namespace plimsoll::exporter
