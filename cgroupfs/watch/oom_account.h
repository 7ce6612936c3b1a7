// How many processes of one group were killed, reckoned from two witnesses that overlap: the
// kernel's counter, which is exact but read now and then and gone with the group, and the kernel's
// log, which tells at once and outlives the group but is rate-limited and may be overwritten or
// closed to us.
//
// The kernel writes the log line before it moves the counter. So if the log is drained after the
// counter was read, every kill that the counter has was seen in the log, unless it was not logged
// at all. Hence: of what the counter moved, as many kills as are open in the log are the same ones.
// What stays open is not counted yet (the group may end before it is), and is counted from the log.
// docs/decisions/0009.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace plimsoll::cgroupfs {

class OomAccount {
 public:
  // A line of the log. False: the kill was counted before, when the log was behind.
  bool logged(MonoTime now);

  enum class Log : std::uint8_t {
    kUpToDate,  // Drained to its end since the counter was read, or there is none.
    kBehind     // Lines of kills that the counter has may still come.
  };
  // The counter, read before the log was drained. Gives the kills that the log has no line for. A
  // counter of one group never falls; a number that did is ignored.
  std::uint64_t counted(std::uint64_t counter, Log log);

  // The group was removed: what its counter had stays. A group of the same name goes on from there.
  void ended();
  // A line that no counter confirmed for a minute never will be: it was about an earlier group of
  // this name.
  void settle(MonoTime now);

  // Never falls.
  [[nodiscard]] std::uint64_t total() const { return kept_ + counter_.value_or(0) + open_; }
  // Lines that the counter has not confirmed.
  [[nodiscard]] std::uint64_t open() const { return open_; }
  // Of the present group.
  [[nodiscard]] bool has_counter() const { return counter_.has_value(); }
  [[nodiscard]] std::uint64_t counter() const { return counter_.value_or(0); }
  [[nodiscard]] bool was_counted() const { return was_counted_; }

 private:
  std::uint64_t kept_ = 0;  // Of earlier groups of this name, and of lines that nobody confirmed.
  std::optional<std::uint64_t> counter_;
  std::uint64_t open_ = 0;
  std::uint64_t ahead_ = 0;  // Counted while the log was behind: their lines may still come.
  MonoTime open_at_;         // The latest of the open ones.
  bool was_counted_ = false;
};

}  // namespace plimsoll::cgroupfs
