#include "runtime/docker/stats_service.h"

#include <thread>

namespace plimsoll::docker {

namespace {

using namespace std::chrono_literals;

// Between these two ages a sample is a good "before": the counters have moved, and the share that
// comes of it is still about now.
constexpr std::chrono::nanoseconds kYoungest = 100ms;
constexpr std::chrono::nanoseconds kOldest = 60s;

}  // namespace

std::optional<Usage> StatsService::recent(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(id);
  return found == last_.end() ? std::nullopt : std::optional(found->second);
}

UsagePair StatsService::once(const engine::Container& container) {
  UsagePair pair{.now = reader_.read(container), .before = recent(container.id)};
  const std::lock_guard lock(mutex_);
  if (pair.now.read) {
    last_.insert_or_assign(container.id, pair.now);
  } else {
    last_.erase(container.id);
  }
  // Counters of an earlier life of the container are no "before".
  if (pair.before && pair.now.cpu.total_ns < pair.before->cpu.total_ns) pair.before.reset();
  return pair;
}

UsagePair StatsService::twice(const engine::Container& container) {
  const std::optional<Usage> before = recent(container.id);
  if (before) {
    const auto age = clock_.wall() - *before->read;
    if (age >= kYoungest && age <= kOldest) {
      UsagePair pair = once(container);
      if (pair.before || !pair.now.read) return pair;
    }
  }
  UsagePair first = once(container);
  if (!first.now.read) return first;  // It does not run: zeros, at once.
  std::this_thread::sleep_for(kYoungest);
  UsagePair pair = once(container);
  if (pair.now.read) pair.before = first.now;
  return pair;
}

void StatsService::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  last_.erase(id);
}

}  // namespace plimsoll::docker
