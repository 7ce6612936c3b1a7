// What stays of containers that ended, each for a while: its series go on, the kills that cost it
// its life are counted, and what its runtime writes about its end is looked for.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/oom_tracker.h"
#include "exporter/collect/snapshot.h"
#include "inventory/inventory.h"

namespace plimsoll::exporter {

class Tombstones {
 public:
  using Labels = std::shared_ptr<const std::string>;
  using LabelsOf = std::function<Labels(const inventory::Identity&)>;

  // `inventory` must outlive it.
  Tombstones(std::chrono::nanoseconds keep, inventory::Inventory& inventory, LabelsOf labels_of);
  // OOM kills are followed as well.
  void follow_ooms(const DirFd& proc, const Clock& clock, std::string kernel_log);

  // As of OomTracker.
  [[nodiscard]] bool unlogged_kills() { return ooms_ && ooms_->unlogged_kills(); }
  // The group was removed.
  void add(MonoTime now, const Entry& entry);
  // After the rows were filled. Gives the rows whose OOM counters are behind.
  std::vector<std::size_t> update(Snapshot& snapshot, std::span<const std::uint32_t> parents,
                                  const OomTracker::SampleOf& sample_of);
  [[nodiscard]] OomStats oom_stats() const { return ooms_ ? ooms_->stats() : OomStats(); }

 private:
  struct Stone {
    Tombstone tombstone;
    MonoTime since;
    MonoTime ask_at;
    std::chrono::nanoseconds pause = std::chrono::milliseconds(500);
  };
  [[nodiscard]] inventory::IdentityPtr who_was(const std::string& path);
  void add_unseen(MonoTime now);
  void ask(Stone& stone, MonoTime now) const;

  std::chrono::nanoseconds keep_;
  inventory::Inventory& inventory_;
  LabelsOf labels_of_;
  std::optional<OomTracker> ooms_;
  std::vector<Stone> stones_;
};

}  // namespace plimsoll::exporter
