// How fast one answers somebody who keeps writing. Pure.
//
// Two who both insist on a value, each at once, would keep a core busy and leave the group with a
// limit that changes a thousand times a second. So whoever comes back soon is answered later and
// later, and at once again after it was quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace plimsoll::drift {

struct DampingOptions {
  std::size_t burst = 3;  // So many within `window` are a fight.
  std::chrono::nanoseconds window = std::chrono::seconds(10);
  std::chrono::nanoseconds first_delay = std::chrono::seconds(1);  // Doubles with every answer ...
  std::chrono::nanoseconds last_delay = std::chrono::minutes(5);   // ... up to this.
};

class Damping {
 public:
  explicit Damping(const DampingOptions& options) : options_(options) {}

  // A foreign write at `now`; the instant at which to answer it, `now` itself in peace. One that
  // comes while an earlier one waits is answered together with it.
  MonoTime wrote(MonoTime now);
  // It was answered.
  void answered() { answer_at_.reset(); }

  [[nodiscard]] bool is_fight() const { return delay_.count() > 0; }
  [[nodiscard]] std::uint64_t in_a_row() const { return in_a_row_; }  // Writes since it was quiet.
  [[nodiscard]] std::chrono::nanoseconds delay() const { return delay_; }
  // It has been quiet for long enough to forget.
  [[nodiscard]] bool is_quiet(MonoTime now) const;

 private:
  DampingOptions options_;
  std::deque<MonoTime> recent_;  // Of the last `burst` writes.
  std::optional<MonoTime> last_;
  std::optional<MonoTime> answer_at_;
  std::chrono::nanoseconds delay_{};
  std::uint64_t in_a_row_ = 0;
};

}  // namespace plimsoll::drift
