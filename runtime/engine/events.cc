#include "runtime/engine/events.h"

#include <algorithm>
#include <utility>

namespace plimsoll::engine {

void Events::tell(Event event) {
  const std::lock_guard lock(mutex_);
  // Never earlier than the one before: who asks for "since" misses none.
  if (event.at == WallTime{}) event.at = RealClock().wall();
  for (const auto& listener : listeners_) listener->waiting.push_back(event);
  backlog_.push_back(std::move(event));
  if (backlog_.size() > kBacklog) backlog_.pop_front();
  if (listeners_.empty() || std::exchange(delivers_, true)) return;
  loop_.post([self = shared_from_this()] { self->deliver(); });
}

std::shared_ptr<void> Events::listen(std::optional<WallTime> since,
                                     std::function<void(const Event&)> heard,
                                     std::function<void()> caught_up) {
  auto listener = std::make_shared<Listener>();
  listener->heard = std::move(heard);
  listener->caught_up = std::move(caught_up);
  {
    const std::lock_guard lock(mutex_);
    if (since)
      std::ranges::copy_if(backlog_, std::back_inserter(listener->waiting),
                           [&](const Event& event) { return event.at >= *since; });
    listeners_.push_back(listener);
    const bool is_awaited = !listener->waiting.empty() || listener->caught_up;
    if (is_awaited && !std::exchange(delivers_, true))
      loop_.post([self = shared_from_this()] { self->deliver(); });
  }
  return {nullptr, [weak = weak_from_this(), listener](const void*) {
            const auto self = weak.lock();
            if (!self) return;
            const std::lock_guard lock(self->mutex_);
            listener->dropped = true;
            std::erase(self->listeners_, listener);
          }};
}

void Events::deliver() {
  std::unique_lock lock(mutex_);
  delivers_ = false;
  const auto listeners = listeners_;
  for (const auto& listener : listeners) {
    while (!listener->dropped && !listener->waiting.empty()) {
      const Event event = std::move(listener->waiting.front());
      listener->waiting.pop_front();
      lock.unlock();
      listener->heard(event);
      lock.lock();
    }
    const auto caught_up = std::exchange(listener->caught_up, {});
    if (listener->dropped || !caught_up) continue;
    lock.unlock();
    caught_up();
    lock.lock();
  }
}

}  // namespace plimsoll::engine
