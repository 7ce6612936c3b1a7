#include "control/policy/window.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>
#include <vector>

namespace plimsoll::policy {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr days kHorizon{8};
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

sys_seconds whole(WallTime time) {
  return std::chrono::floor<seconds>(time);
}

// What the clock on the wall shows, as seconds since its own 1970.
seconds wall_clock(sys_seconds instant, const Zone& zone) {
  return instant.time_since_epoch() + zone.offset_at(instant);
}

// 1970-01-01 was a Thursday.
std::size_t day_of_week(days since_epoch) {
  return static_cast<std::size_t>(((since_epoch.count() + 3) % 7 + 7) % 7);
}

bool shows(const Window& window, std::size_t day, int minute) {
  if (window.from < window.to)
    return window.days.test(day) && minute >= window.from && minute < window.to;
  return (window.days.test(day) && minute >= window.from) ||
         (window.days.test((day + 6) % 7) && minute < window.to);
}

bool active_at(std::span<const Window> windows, sys_seconds instant, const Zone& zone) {
  const seconds local = wall_clock(instant, zone);
  const days day = std::chrono::floor<days>(local);
  const int minute = static_cast<int>(std::chrono::floor<minutes>(local - day).count());
  return windows.empty() || std::ranges::any_of(windows, [&](const Window& window) {
           return shows(window, day_of_week(day), minute);
         });
}

// The first second in (from, to] at which the offset is another than at `from`.
sys_seconds clock_change(sys_seconds from, sys_seconds to, const Zone& zone) {
  const seconds before = zone.offset_at(from);
  while (to - from > seconds(1)) {
    const sys_seconds middle = from + (to - from) / 2;
    (zone.offset_at(middle) == before ? from : to) = middle;
  }
  return to;
}

std::string clock_text(int minute) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minute / 60) + ":" + two(minute % 60);
}

std::string days_text(const std::bitset<7>& set) {
  if (set.all()) return "daily";
  std::string text;
  for (std::size_t day = 0; day < 7; ++day) {
    if (!set.test(day)) continue;
    std::size_t end = day;
    while (end + 1 < 7 && set.test(end + 1)) ++end;
    text.append(text.empty() ? "" : ",").append(kDays[day]);
    if (end > day) text.append(end == day + 1 ? "," : "-").append(kDays[end]);
    day = end;
  }
  return text;
}

}  // namespace

std::string to_text(const Window& window) {
  std::string text = days_text(window.days);
  if (window.from == 0 && window.to == kDayMinutes) return text;
  return text + " " + clock_text(window.from) + "-" + clock_text(window.to);
}

void HostZone::reload() const {
  ::tzset();
}

seconds HostZone::offset_at(sys_seconds instant) const {
  const std::time_t time = instant.time_since_epoch().count();
  std::tm local{};
  // Only a year beyond int fails.
  return ::localtime_r(&time, &local) != nullptr ? seconds(local.tm_gmtoff) : seconds(0);
}

bool is_active(std::span<const Window> windows, WallTime now, const Zone& zone) {
  return active_at(windows, whole(now), zone);
}

WallTime next_change(std::span<const Window> windows, WallTime now, const Zone& zone) {
  const sys_seconds start = whole(now);
  const sys_seconds end = start + kHorizon;
  std::vector<sys_seconds> edges = {end};
  std::vector<seconds> offsets;
  for (sys_seconds at = start; at <= end; at += days(1)) {
    const seconds offset = zone.offset_at(at);
    if (std::ranges::find(offsets, offset) == offsets.end()) offsets.push_back(offset);
    if (at < end && zone.offset_at(at + days(1)) != offset)
      edges.push_back(clock_change(at, at + days(1), zone));
  }
  // Every edge on the wall, under each offset that these days have; what is none is sorted out
  // below.
  const days first = std::chrono::floor<days>(wall_clock(start, zone)) - days(1);
  for (days day = first; day <= first + kHorizon + days(2); day += days(1))
    for (const Window& window : windows)
      for (const int minute : {window.from, window.to})
        for (const seconds offset : offsets) edges.emplace_back(day + minutes(minute) - offset);
  std::ranges::sort(edges);
  const bool active = active_at(windows, start, zone);
  for (const sys_seconds edge : edges)
    if (edge > start && edge < end && active_at(windows, edge, zone) != active) return edge;
  return end;
}

std::bitset<kWeekMinutes> minutes_of(std::span<const Window> windows) {
  std::bitset<kWeekMinutes> set;
  if (windows.empty()) return set.set();
  for (std::size_t i = 0; i < kWeekMinutes; ++i) {
    const std::size_t day = i / kDayMinutes;
    const int minute = static_cast<int>(i % kDayMinutes);
    set.set(i, std::ranges::any_of(
                   windows, [&](const Window& window) { return shows(window, day, minute); }));
  }
  return set;
}

}  // namespace plimsoll::policy
