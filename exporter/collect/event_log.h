// What happened to containers: created, deleted, out of memory. Noticed from one snapshot to the
// next, kept for a while, bounded by age, number and bytes.
//
// Thread: all functions are safe from any thread; observe() is called by the sampler after every
// tick (also the ones somebody asked for: each snapshot brings its own OOMs).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "exporter/collect/deletions.h"
#include "exporter/collect/event.h"
#include "exporter/collect/snapshot.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

struct EventLimits {
  struct OfType {
    std::chrono::nanoseconds age = std::chrono::hours(24);
    std::size_t count = 100'000;
    bool operator==(const OfType&) const = default;
  };
  std::array<OfType, kEventTypes.size()> of;  // Index: EventType.
  // All events together, roughly; the oldest of the type with the most go first.
  std::size_t max_bytes = std::size_t{32} << 20;
};
// cAdvisor's --event_storage_age_limit and --event_storage_event_limit: "default=24h,oom=72h" and
// "default=100000,oomKill=10". Names are cAdvisor's or ours. kInvalidInput names the bad entry.
[[nodiscard]] Result<EventLimits> parse_event_limits(std::string_view ages,
                                                     std::string_view counts);

struct EventQuery {
  std::array<bool, kEventTypes.size()> types{};  // None chosen: nothing is found.
  std::optional<WallTime> start, end;            // Both inclusive.
  std::uint64_t after = 0;                       // Sequence.
  std::optional<std::size_t> newest;             // At most so many, the newest.
  std::function<bool(const Event&)> matches;     // Empty: everyone's.

  [[nodiscard]] static std::array<bool, kEventTypes.size()> all_types();
  [[nodiscard]] bool in_range(const Event& event) const;  // Types, times and sequence.
  // All but `newest`.
  [[nodiscard]] bool accepts(const Event& event) const;
};

struct EventStats {
  std::array<std::size_t, kEventTypes.size()> kept{};
  std::array<std::uint64_t, kEventTypes.size()> total{};  // Noticed since the start.
  std::uint64_t evicted = 0;  // Dropped for their number or bytes, not their age.
};

class EventLog {
 public:
  explicit EventLog(EventLimits limits = {});

  // What is new, oldest first. The first snapshot brings a creation of every group, at the time
  // that its runtime or cgroup says; later ones are stamped when the group appeared, since a
  // container may be started long after it was made. A creation waits up to kPatience for the
  // runtime's record of the container, a deletion for what it says of the end.
  std::vector<EventPtr> observe(const Snapshot& snapshot);
  // By time, equal times in the order of noticing.
  [[nodiscard]] std::vector<EventPtr> find(const EventQuery& query, WallTime now) const;
  [[nodiscard]] std::uint64_t last_sequence() const;
  [[nodiscard]] EventStats stats() const;

  static constexpr std::chrono::seconds kPatience{2};

 private:
  // A group of the last snapshot.
  struct Known {
    std::uint64_t serial = 0;
    inventory::IdentityPtr identity;
    WallTime created, noticed;
    MonoTime since;
    bool announced = false;
  };
  using Store = std::deque<EventPtr>;

  // Nothing came and nothing went: names may have changed, that is all.
  bool same_groups(const Snapshot& snapshot);
  void compare(const Snapshot& snapshot, std::vector<Known>& before, std::vector<Event>& found);
  [[nodiscard]] static bool born_exactly(const Known& group);
  void created(Known& group, MonoTime now, std::vector<Event>& found) const;
  void deleted(Known& group, const Snapshot& snapshot, WallTime at, std::vector<Event>& found);
  void out_of_memory(const Snapshot& snapshot, const std::vector<Known>& before,
                     std::vector<Event>& found) const;
  [[nodiscard]] inventory::IdentityPtr whose(std::string_view cgroup,
                                             const std::vector<Known>& before) const;
  void keep(EventPtr event);
  void evict(WallTime now);
  void drop_oldest(std::size_t type);

  const EventLimits limits_;
  mutable std::mutex mutex_;  // Guards everything below.
  std::vector<Known> known_;  // By path.
  Deletions deletions_{kPatience};
  bool first_ = true;
  std::uint64_t sequence_ = 0;
  std::array<Store, kEventTypes.size()> stores_;
  std::size_t bytes_ = 0;
  EventStats stats_;
};

}  // namespace plimsoll::exporter
