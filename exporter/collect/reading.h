// Which files of which group a tick reads. Private to the sampler.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "cgroupfs/read/reader.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::exporter {

// What holds for all groups of one tick.
struct Reading {
  // Somebody was killed for lack of memory, and nobody told who: everybody's counters are read.
  enum class OomCounters : std::uint8_t { kInTheirTurn, kNow };

  MonoTime now;
  Freshness freshness = Freshness::kTick;
  OomCounters oom_counters = OomCounters::kInTheirTurn;
  std::chrono::nanoseconds slow_interval{};
  std::chrono::nanoseconds idle_slow_interval{};  // Of groups that were idle at the last tick.
};

// The slow intervals as things stand: shorter where slow files move without being written, longer
// for an idle group where they do not: no peak and no failure is counted where nothing ran.
void set_slow_intervals(Reading& reading, const SamplerConfig& config,
                        const cgroupfs::CgroupTree& tree);

// What to read of one group.
[[nodiscard]] cgroupfs::ReadTarget target_for(Entry& entry, const Reading& reading,
                                              const SamplerConfig& config);

// Notes what came of it, for the snapshot of that sequence. False: the group is gone.
[[nodiscard]] bool note_outcome(Entry& entry, const cgroupfs::ReadTarget& target, MonoTime now,
                                std::uint64_t sequence);

}  // namespace plimsoll::exporter
