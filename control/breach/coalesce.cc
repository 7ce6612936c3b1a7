#include "control/breach/coalesce.h"

#include <algorithm>

namespace plimsoll::control {

std::chrono::nanoseconds Coalescer::window_of(BreachKind kind) const {
  if (kind == BreachKind::kOomKill) return std::chrono::seconds(1);
  return kind == BreachKind::kPidsLimit || kind == BreachKind::kOom ? options_.pids_window
                                                                    : options_.window;
}

bool Coalescer::may_pass(MonoTime now) {
  if (now - second_begins_ >= std::chrono::seconds(1)) {
    second_begins_ = now;
    this_second_ = 0;
  }
  if (this_second_ >= options_.events_per_second) return false;
  ++this_second_;
  return true;
}

std::optional<BreachEvent> Coalescer::offer(BreachEvent event, MonoTime now) {
  // Thresholds have their own damping, and 95 % must not wait behind 80 %.
  const bool damped = event.kind == BreachKind::kNearLimit;
  const auto [at, is_new] = open_.try_emplace({event.cgroup, event.kind});
  Open& open = at->second;
  if (is_new) open.until = now + window_of(event.kind);
  const std::size_t at_once = event.kind == BreachKind::kOomKill ? options_.kills_per_second : 1;
  if (!open.held && (damped || open.passed < at_once) && may_pass(now)) {
    ++open.passed;
    return event;
  }
  ++merged_;
  if (open.held)
    merge(*open.held, event);
  else
    open.held = std::move(event);
  return std::nullopt;
}

std::vector<BreachEvent> Coalescer::due(MonoTime now) {
  std::vector<BreachEvent> events;
  for (auto at = open_.begin(); at != open_.end();) {
    Open& open = at->second;
    if (now < open.until) {
      ++at;
      continue;
    }
    if (!open.held) {
      at = open_.erase(at);
      continue;
    }
    events.push_back(*std::move(open.held));
    // It goes on: the next one is not the first.
    open.held.reset();
    open.passed = 1;
    open.until = now + window_of(at->first.second);
    ++at;
  }
  return events;
}

// Windows that held nothing back end as well: what comes after one is a first event again.
std::optional<MonoTime> Coalescer::next_due() const {
  std::optional<MonoTime> next;
  for (const auto& [key, open] : open_) next = next ? std::min(*next, open.until) : open.until;
  return next;
}

std::vector<BreachEvent> Coalescer::flush() {
  std::vector<BreachEvent> events;
  for (auto& [key, open] : open_)
    if (open.held) events.push_back(*std::move(open.held));
  open_.clear();
  return events;
}

}  // namespace plimsoll::control
