// A storm is told as a number: the first event of a kind and group passes at once, those that
// follow within a time are added up and told by one event at its end. Nothing is left out. Pure but
// for the time that it is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "control/breach/event.h"

namespace plimsoll::control {

struct CoalesceOptions {
  std::chrono::nanoseconds window = std::chrono::seconds(10);
  // Refused forks come and go quickly, and each kill is told by itself ...
  std::chrono::nanoseconds pids_window = std::chrono::seconds(1);
  // ... up to so many of one group in a second.
  std::size_t kills_per_second = 50;
  // Of all groups together; beyond it even first ones are added up, per kind and group.
  std::size_t events_per_second = 1000;
};

class Coalescer {
 public:
  explicit Coalescer(CoalesceOptions options) : options_(options) {}
  // The event, when it is to be told now.
  [[nodiscard]] std::optional<BreachEvent> offer(BreachEvent event, MonoTime now);
  // What was added up and is due. Regularly.
  [[nodiscard]] std::vector<BreachEvent> due(MonoTime now);
  // When due() is to be called next; nothing: not before the next offer().
  [[nodiscard]] std::optional<MonoTime> next_due() const;
  // Everything, whether or not it is due: the end.
  [[nodiscard]] std::vector<BreachEvent> flush();
  [[nodiscard]] std::uint64_t merged() const { return merged_; }

 private:
  struct Open {
    MonoTime until;
    std::size_t passed = 0;  // In this window.
    std::optional<BreachEvent> held;
  };
  [[nodiscard]] std::chrono::nanoseconds window_of(BreachKind kind) const;
  [[nodiscard]] bool may_pass(MonoTime now);

  CoalesceOptions options_;
  std::map<std::pair<std::string, BreachKind>, Open> open_;
  MonoTime second_begins_;
  std::size_t this_second_ = 0;
  std::uint64_t merged_ = 0;
};

}  // namespace plimsoll::control
