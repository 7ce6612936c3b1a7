// Deletions of containers wait a little for what their runtimes say of the end.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/event.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

class Deletions {
 public:
  explicit Deletions(std::chrono::nanoseconds patience) : patience_(patience) {}

  // Told with the next settle(), or a later one.
  void add(Event deletion, MonoTime now) { waiting_.push_back({std::move(deletion), now}); }
  // Appends those whose exit code is known, will not be, or was waited for long enough. One whose
  // path lives again is told at once, so that it comes before the new one's creation.
  void settle(const Snapshot& snapshot, std::vector<Event>& found);
  // Who waits under that path; null when nobody does.
  [[nodiscard]] inventory::IdentityPtr find(std::string_view cgroup) const;

 private:
  struct Waiting {
    Event deletion;
    MonoTime since;
  };
  [[nodiscard]] bool still_waits(Waiting& waiting, const Snapshot& snapshot) const;

  std::chrono::nanoseconds patience_;
  std::vector<Waiting> waiting_;
};

}  // namespace plimsoll::exporter
