// What the sampler keeps about one cgroup from tick to tick. Private to the sampler, in its own
// file for its size.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/sample.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/network.h"
#include "exporter/collect/rates.h"
#include "exporter/collect/snapshot.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

struct Entry {
  Entry(const cgroupfs::Cgroup& group, MonoTime now);

  // A share of `interval`, different from group to group, the same for one group for ever.
  [[nodiscard]] std::chrono::nanoseconds spread(std::chrono::nanoseconds interval) const;
  // 0 up to 4 `tick`s: spreads full refreshes of groups that were born together.
  [[nodiscard]] std::chrono::nanoseconds phase(std::chrono::nanoseconds tick) const;
  // Was the tier read again since the group was first seen? Only the second reading is moved
  // forward by spread().
  [[nodiscard]] bool settled(cgroupfs::Tier tier) const;

  // A process of the group: the runtime's init, else the first of cgroup.procs; looked up again
  // when it ended.
  [[nodiscard]] std::optional<std::int32_t> process(const cgroupfs::Layout& layout, MonoTime now);
  enum class Change : std::uint8_t { kNone, kSome };
  [[nodiscard]] Change set_network(NetworkTarget&& target);
  // `now`: when this tick began. An idle group used nothing since its last reading: its rates are
  // 0.
  [[nodiscard]] Change update_rates(MonoTime now, std::chrono::nanoseconds shortest);
  [[nodiscard]] Row row() const;

  const cgroupfs::Cgroup* cgroup;  // The tree's; valid until the tree reports it removed.
  const std::uint64_t serial;
  // First what every tick looks at, also of an idle group.
  bool written = false;  // A control file changed: limits are read at the next tick.
  bool idle = false;
  bool followed = false;      // Somebody sees its warm values at every tick.
  std::uint64_t changed = 0;  // Snapshot::changed of its row.
  MonoTime resting_at;        // The last tick at which there was no rate to compute; else nothing.
  MonoTime full_at;
  std::optional<std::uint64_t> warm_usage;  // CPU usage when the warm files were last read.
  std::int64_t last_seen_seconds = 0;
  cgroupfs::CgroupSample sample;
  const std::string path;
  const MonoTime born;
  inventory::IdentityPtr identity;
  std::shared_ptr<const std::string> labels;
  std::optional<std::int32_t> pid;
  MonoTime pid_at;
  NetworkAttribution attribution = NetworkAttribution::kNone;
  std::vector<InterfaceCounters> interfaces;
  RateBase base;
  Rates rates = no_rates();
  const Entry* payload = nullptr;  // See payload.h. Good while a snapshot is built.

 private:
  [[nodiscard]] bool has_nothing_to_rate() const;
};

}  // namespace plimsoll::exporter
