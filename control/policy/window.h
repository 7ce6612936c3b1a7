// When a rule holds: days of the week and times of the day, as the clocks on the host's walls show
// them. Pure but for HostZone.
//
// A window holds exactly while the clock on the wall shows a time in it. So in the night when
// clocks go forward a window within the missing hour does not come, and when they go back one
// within the hour that comes twice comes twice.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"

namespace plimsoll::policy {

inline constexpr int kDayMinutes = 24 * 60;
inline constexpr std::size_t kWeekMinutes = std::size_t{7} * kDayMinutes;

struct Window {
  std::bitset<7> days;  // Monday is 0. Of a window across midnight: the day on which it begins.
  int from = 0;         // Minutes after midnight; from > to is across midnight.
  int to = kDayMinutes;
  bool operator==(const Window&) const = default;
};
// "mon-fri 08:00-18:00", "daily 22:00-06:00", "sat,sun".
[[nodiscard]] std::string to_text(const Window& window);

// A seam: which offset from UTC the host's clocks have at an instant. HostZone is the C library.
class Zone {
 public:
  virtual ~Zone() = default;
  [[nodiscard]] virtual std::chrono::seconds offset_at(std::chrono::sys_seconds instant) const = 0;
};

class HostZone final : public Zone {
 public:
  // Reads TZ or /etc/localtime; reload() again, because the host may have moved.
  HostZone() { reload(); }
  void reload() const;
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds instant) const override;
};

// No windows: always.
[[nodiscard]] bool is_active(std::span<const Window> windows, WallTime now, const Zone& zone);
// The first instant at which is_active() says something else; eight days from now at the latest,
// because all windows come every week.
[[nodiscard]] WallTime next_change(std::span<const Window> windows, WallTime now, const Zone& zone);

// The minutes of a week, from Monday 00:00, in which one of them holds.
[[nodiscard]] std::bitset<kWeekMinutes> minutes_of(std::span<const Window> windows);

}  // namespace plimsoll::policy
