#include "exporter/collect/reading.h"

#include <algorithm>

namespace plimsoll::exporter {

namespace {

using cgroupfs::ReadOutcome;
using cgroupfs::Tier;
using cgroupfs::TierSet;
using std::chrono::nanoseconds;

// Groups seen together, or read together for a scrape, are spread over the ticks by their phase, so
// that no tick carries everybody's slow files.
bool due(const Entry& entry, Tier tier, const Reading& reading, nanoseconds interval,
         nanoseconds tick) {
  const auto last = entry.sample.read_at(tier);
  if (!last) return true;
  const nanoseconds earlier =
      entry.settled(tier) ? std::min(entry.phase(tick), interval / 2) : entry.spread(interval);
  return reading.now - *last >= interval - earlier;
}

// A scrape's numbers are to be of one time: user and system time beside the usage they are parts
// of. A group whose CPU usage was just seen where it stood has no new ones, but for the stalls of
// who waits.
bool warm_is_stale(const Entry& entry, const Reading& reading, nanoseconds tick) {
  const nanoseconds fresh = std::min<nanoseconds>(tick, std::chrono::seconds(1));
  const auto last = entry.sample.read_at(Tier::kWarm);
  if (!last || reading.now - *last < fresh) return false;
  const auto usage = entry.sample.value(cgroupfs::Field::kCpuUsage);
  const auto looked = entry.sample.usage_at();
  // The last tick may have come a little late.
  const bool known = looked && reading.now - *looked <= fresh + fresh / 10;
  return !known || !usage || usage != entry.warm_usage;
}

// Of a group that somebody watches live, the warm files go with the hot ones: where the idle test
// finds that nothing ran, neither are read.
bool is_shown_live(const Entry& entry, const Reading& reading, nanoseconds tick) {
  if (!entry.followed) return false;
  const nanoseconds fresh = std::min<nanoseconds>(tick, std::chrono::seconds(1));
  const auto last = entry.sample.read_at(Tier::kWarm);
  return !last || reading.now - *last >= fresh - fresh / 10;
}

// Does the idle test compare with a usage that the warm files have not been read at? Then it would
// leave them as they were before the group last ran.
bool warm_lags(const Entry& entry) {
  return entry.warm_usage != entry.sample.value(cgroupfs::Field::kCpuUsage);
}

}  // namespace

void set_slow_intervals(Reading& reading, const SamplerConfig& config,
                        const cgroupfs::CgroupTree& tree) {
  using cgroupfs::Group;
  const cgroupfs::GroupSet& groups = config.reader.groups;
  const bool moving =
      groups.has(Group::kHugetlb) || groups.has(Group::kMemoryNuma) || groups.has(Group::kProcess);
  const bool watched = tree.notification_fd() >= 0 && tree.stats().watches_refused == 0;
  const bool still = watched && !moving;
  reading.slow_interval = still ? config.slow_interval : config.slow_interval_unwatched;
  reading.idle_slow_interval = still ? 2 * config.slow_interval : reading.slow_interval;
}

cgroupfs::ReadTarget target_for(Entry& entry, const Reading& reading, const SamplerConfig& config) {
  cgroupfs::ReadTarget target;
  target.cgroup = entry.cgroup;
  target.sample = &entry.sample;
  target.due = TierSet().with(Tier::kHot);
  // Everything; and what was written may be memory.events or a limit.
  const bool all = reading.freshness == Freshness::kFull || entry.written;
  const bool live = is_shown_live(entry, reading, config.interval);
  if (all || live || reading.oom_counters == Reading::OomCounters::kNow ||
      due(entry, Tier::kWarm, reading, config.warm_interval, config.interval) ||
      (reading.freshness == Freshness::kScrape && warm_is_stale(entry, reading, config.interval)))
    target.due = target.due.with(Tier::kWarm);
  const nanoseconds slow = entry.idle ? reading.idle_slow_interval : reading.slow_interval;
  if (all || due(entry, Tier::kSlow, reading, slow, config.interval))
    target.due = target.due.with(Tier::kSlow);
  target.full = reading.freshness != Freshness::kTick || (live && warm_lags(entry)) ||
                reading.now - entry.full_at >= config.idle_refresh + entry.phase(config.interval);
  return target;
}

bool note_outcome(Entry& entry, const cgroupfs::ReadTarget& target, MonoTime now,
                  std::uint64_t sequence) {
  entry.idle = target.outcome == ReadOutcome::kIdle;
  if (!entry.idle) {
    entry.changed = sequence;
    if (target.due.has(Tier::kSlow)) entry.written = false;
  }
  if (target.outcome == ReadOutcome::kGone) return false;
  if (!entry.idle && target.full) entry.full_at = now;
  if (!entry.idle && target.due.has(Tier::kWarm))
    entry.warm_usage = entry.sample.value(cgroupfs::Field::kCpuUsage);
  return true;
}

}  // namespace plimsoll::exporter
