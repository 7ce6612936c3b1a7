// The last events, numbered, for whoever comes late or comes back. Safe from every thread; a reader
// holds nobody up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "control/breach/event.h"

namespace plimsoll::control {

class BreachRing {
 public:
  explicit BreachRing(std::size_t capacity = 10'000) : capacity_(capacity) {}

  // Numbers the event, keeps it, and calls every listener from this thread, in the order of the
  // numbers.
  BreachPtr publish(BreachEvent event);

  struct Past {
    std::vector<BreachPtr> events;  // Oldest first.
    // So many between `after` and the first of them are no longer kept ...
    std::uint64_t lost = 0;
    // ... or `after` was never given out by this engine: everything that is kept.
    bool restarted = false;
  };
  [[nodiscard]] Past after(std::uint64_t id) const;
  // Since this time.
  [[nodiscard]] Past since(WallTime time) const;
  [[nodiscard]] BreachPtr find(std::uint64_t id) const;
  [[nodiscard]] std::uint64_t last_id() const;

  // `listener` must not block, nor call this ring. Runs until the number given back is
  // unlisten()ed; then no call is in progress any more.
  using Listener = std::function<void(const BreachPtr&)>;
  [[nodiscard]] std::uint64_t listen(Listener listener);
  void unlisten(std::uint64_t listener);

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;  // The events.
  std::deque<BreachPtr> events_;
  std::uint64_t last_id_ = 0;
  std::mutex publishing_;  // Taken before the other: keeps the order, and the listeners.
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t last_listener_ = 0;
};

}  // namespace plimsoll::control
