#include "control/breach/ring.h"

#include <algorithm>
#include <utility>

namespace plimsoll::control {

BreachPtr BreachRing::publish(BreachEvent event) {
  const std::lock_guard order(publishing_);
  BreachPtr published;
  {
    const std::lock_guard lock(mutex_);
    event.id = ++last_id_;
    published = std::make_shared<const BreachEvent>(std::move(event));
    events_.push_back(published);
    if (events_.size() > capacity_) events_.pop_front();
  }
  for (const auto& [number, listener] : listeners_) listener(published);
  return published;
}

BreachRing::Past BreachRing::after(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  Past past;
  past.restarted = id > last_id_;
  if (past.restarted) id = 0;
  const std::uint64_t first = events_.empty() ? last_id_ + 1 : events_.front()->id;
  if (!past.restarted && id + 1 < first) past.lost = first - id - 1;
  const auto begin =
      std::ranges::upper_bound(events_, id, {}, [](const BreachPtr& event) { return event->id; });
  past.events.assign(begin, events_.end());
  return past;
}

BreachRing::Past BreachRing::since(WallTime time) const {
  const std::lock_guard lock(mutex_);
  Past past;
  // Not sorted by time: what is told late keeps the time at which it happened.
  std::ranges::copy_if(events_, std::back_inserter(past.events),
                       [&](const BreachPtr& event) { return event->at >= time; });
  return past;
}

BreachPtr BreachRing::find(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::ranges::lower_bound(events_, id, {}, [](const BreachPtr& event) { return event->id; });
  return at != events_.end() && (*at)->id == id ? *at : nullptr;
}

std::uint64_t BreachRing::last_id() const {
  const std::lock_guard lock(mutex_);
  return last_id_;
}

std::uint64_t BreachRing::listen(Listener listener) {
  const std::lock_guard order(publishing_);
  listeners_.emplace(++last_listener_, std::move(listener));
  return last_listener_;
}

void BreachRing::unlisten(std::uint64_t listener) {
  const std::lock_guard order(publishing_);
  listeners_.erase(listener);
}

}  // namespace plimsoll::control
