#include "control/drift/damping.h"

#include <algorithm>

namespace plimsoll::drift {

bool Damping::is_quiet(MonoTime now) const {
  return !last_ || (!answer_at_ && now - *last_ > std::max(options_.window, 2 * delay_));
}

MonoTime Damping::wrote(MonoTime now) {
  if (is_quiet(now)) {
    recent_.clear();
    delay_ = {};
    in_a_row_ = 0;
  }
  last_ = now;
  ++in_a_row_;
  recent_.push_back(now);
  if (recent_.size() > options_.burst) recent_.pop_front();
  if (answer_at_) return *answer_at_;
  if (is_fight())
    delay_ = std::min(2 * delay_, options_.last_delay);
  else if (recent_.size() == options_.burst && now - recent_.front() <= options_.window)
    delay_ = options_.first_delay;
  answer_at_ = now + delay_;
  return *answer_at_;
}

}  // namespace plimsoll::drift
