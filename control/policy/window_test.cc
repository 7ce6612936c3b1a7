#include "control/policy/window.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "control/policy/test_policies.h"

namespace plimsoll::policy {
namespace {

Window window(std::initializer_list<std::size_t> days, int from, int to) {
  Window window{{}, from * 60, to * 60};
  for (const std::size_t day : days) window.days.set(day);
  return window;
}
const std::initializer_list<std::size_t> kDaily = {0, 1, 2, 3, 4, 5, 6};

// Berlin around the changes of 2026: forward on 29 March at 01:00 UTC, back on 25 October.
const FakeZone kBerlin({{"2025-10-26T01:00:00Z", 60},
                        {"2026-03-29T01:00:00Z", 120},
                        {"2026-10-25T01:00:00Z", 60}});
const FakeZone kUtc;

bool holds(const Window& window, std::string_view now, const Zone& zone = kUtc) {
  return is_active({&window, 1}, at(now), zone);
}
std::string next(const Window& window, std::string_view now, const Zone& zone = kUtc) {
  return rfc3339(next_change({&window, 1}, at(now), zone)).substr(0, 16);
}

TEST(Windows, HoldFromTheFirstMinuteToTheLast) {
  const Window office = window({0, 1, 2, 3, 4}, 8, 18);  // 2026-11-20 is a Friday.
  EXPECT_FALSE(holds(office, "2026-11-20T07:59:59.999Z"));
  EXPECT_TRUE(holds(office, "2026-11-20T08:00:00Z"));
  EXPECT_TRUE(holds(office, "2026-11-20T17:59:59.999Z"));
  EXPECT_FALSE(holds(office, "2026-11-20T18:00:00Z"));
  EXPECT_FALSE(holds(office, "2026-11-21T12:00:00Z"));
  EXPECT_EQ(next(office, "2026-11-20T07:00:00Z"), "2026-11-20T08:00");
  EXPECT_EQ(next(office, "2026-11-20T08:00:00Z"), "2026-11-20T18:00");
  EXPECT_EQ(next(office, "2026-11-20T18:00:00Z"), "2026-11-23T08:00");
}

TEST(Windows, AcrossMidnightBelongToTheDayOnWhichTheyBegin) {
  const Window night = window({4}, 22, 6);  // Friday night.
  EXPECT_FALSE(holds(night, "2026-11-20T05:00:00Z"));
  EXPECT_TRUE(holds(night, "2026-11-20T22:00:00Z"));
  EXPECT_TRUE(holds(night, "2026-11-21T05:59:00Z"));
  EXPECT_FALSE(holds(night, "2026-11-21T06:00:00Z"));
  EXPECT_FALSE(holds(night, "2026-11-21T23:00:00Z"));
  EXPECT_EQ(next(night, "2026-11-20T23:00:00Z"), "2026-11-21T06:00");
  EXPECT_EQ(next(night, "2026-11-21T06:00:00Z"), "2026-11-27T22:00");
  // Sunday to Monday, over the end of the week.
  EXPECT_TRUE(holds(window({6}, 22, 6), "2026-11-23T03:00:00Z"));
}

TEST(Windows, FollowTheClockOnTheWall) {
  const Window morning = window(kDaily, 8, 9);
  EXPECT_TRUE(holds(morning, "2026-01-10T07:30:00Z", kBerlin));  // Winter: one hour ahead.
  EXPECT_TRUE(holds(morning, "2026-07-10T06:30:00Z", kBerlin));  // Summer: two.
  EXPECT_FALSE(holds(morning, "2026-07-10T07:30:00Z", kBerlin));
  // The night of the change is 23 hours long.
  EXPECT_EQ(next(morning, "2026-03-28T08:00:00Z", kBerlin), "2026-03-29T06:00");
  EXPECT_EQ(next(morning, "2026-10-24T07:00:00Z", kBerlin), "2026-10-25T07:00");
}

TEST(Windows, InTheHourThatIsMissing) {
  // Clocks go from 02:00 to 03:00.
  const Window within{window(kDaily, 0, 0).days, 2 * 60 + 10, 2 * 60 + 50};
  EXPECT_EQ(next(within, "2026-03-29T00:00:00Z", kBerlin), "2026-03-30T00:10");
  // One that begins within it begins when the clock has jumped over its beginning.
  const Window into{within.days, 2 * 60 + 30, 4 * 60};
  EXPECT_EQ(next(into, "2026-03-29T00:00:00Z", kBerlin), "2026-03-29T01:00");
  EXPECT_TRUE(holds(into, "2026-03-29T01:00:00Z", kBerlin));
  EXPECT_EQ(next(into, "2026-03-29T01:00:00Z", kBerlin), "2026-03-29T02:00");
}

TEST(Windows, InTheHourThatComesTwice) {
  // Clocks go from 03:00 back to 02:00, at 01:00 UTC.
  const Window within{window(kDaily, 0, 0).days, 2 * 60 + 10, 2 * 60 + 50};
  EXPECT_EQ(next(within, "2026-10-25T00:00:00Z", kBerlin), "2026-10-25T00:10");
  EXPECT_EQ(next(within, "2026-10-25T00:10:00Z", kBerlin), "2026-10-25T00:50");
  EXPECT_EQ(next(within, "2026-10-25T00:50:00Z", kBerlin), "2026-10-25T01:10");
  EXPECT_EQ(next(within, "2026-10-25T01:10:00Z", kBerlin), "2026-10-25T01:50");
  EXPECT_EQ(next(within, "2026-10-25T01:50:00Z", kBerlin), "2026-10-26T01:10");
}

TEST(Windows, ChangesAreWhereAWalkFindsThem) {
  const std::vector<Window> windows = {window({0, 2, 6}, 22, 3), window({5}, 2, 4)};
  for (const char* start : {"2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"}) {
    WallTime now = at(start);
    const WallTime end = now + std::chrono::days(4);
    while (now < end) {
      const WallTime change = next_change(windows, now, kBerlin);
      ASSERT_GT(change, now);
      const bool active = is_active(windows, now, kBerlin);
      for (WallTime t = now; t < change && t < end; t += std::chrono::minutes(1))
        ASSERT_EQ(is_active(windows, t, kBerlin), active) << rfc3339(t);
      if (change < end) {
        EXPECT_NE(is_active(windows, change, kBerlin), active) << rfc3339(change);
      }
      now = change;
    }
  }
}

TEST(Windows, WithoutAnyARuleHoldsAlways) {
  EXPECT_TRUE(is_active({}, at("2026-11-20T07:00:00Z"), kUtc));
  EXPECT_EQ(rfc3339(next_change({}, at("2026-11-20T07:00:00Z"), kUtc)).substr(0, 10), "2026-11-28");
  EXPECT_TRUE(minutes_of({}).all());
}

TEST(Windows, AsText) {
  EXPECT_EQ(to_text(window(kDaily, 0, 24)), "daily");
  EXPECT_EQ(to_text(window({0, 1, 2, 4, 6}, 8, 18)), "mon-wed,fri,sun 08:00-18:00");
  EXPECT_EQ(to_text(window({0, 1}, 0, 24)), "mon,tue");
}

TEST(HostZones, AreTheCLibrarys) {
  // Its rules stand in the text, so that no time zone data is needed.
  const char* before = ::getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  const HostZone zone;
  const auto offset = [&](std::string_view instant) {
    return zone.offset_at(std::chrono::floor<std::chrono::seconds>(at(instant))).count();
  };
  EXPECT_EQ(offset("2026-03-29T00:59:59Z"), 3600);
  EXPECT_EQ(offset("2026-03-29T01:00:00Z"), 7200);
  EXPECT_EQ(offset("2026-10-25T01:00:00Z"), 3600);
  EXPECT_EQ(next(window(kDaily, 8, 9), "2026-03-28T08:00:00Z", zone), "2026-03-29T06:00");
  if (before == nullptr)
    ::unsetenv("TZ");
  else
    ::setenv("TZ", saved.c_str(), 1);
  zone.reload();
}

}  // namespace
}  // namespace plimsoll::policy
