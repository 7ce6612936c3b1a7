// What happened, for those who listen: the last 256, then what comes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/engine/engine.h"
#include "runtime/engine/loop.h"

namespace plimsoll::engine {

class Events : public std::enable_shared_from_this<Events> {
 public:
  explicit Events(Loop& loop) : loop_(loop) {}

  void tell(Event event);
  [[nodiscard]] std::shared_ptr<void> listen(std::optional<WallTime> since,
                                             std::function<void(const Event&)> heard,
                                             std::function<void()> caught_up);

 private:
  struct Listener {
    std::function<void(const Event&)> heard;
    std::function<void()> caught_up;  // Empty once it was called.
    std::deque<Event> waiting;
    bool dropped = false;
  };
  void deliver();

  static constexpr std::size_t kBacklog = 256;
  Loop& loop_;
  std::mutex mutex_;
  std::deque<Event> backlog_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  bool delivers_ = false;
};

}  // namespace plimsoll::engine
