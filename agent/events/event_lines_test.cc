#include "agent/events/event_lines.h"

#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

constexpr const char* kEvent =
    R"({"id":7,"kind":"oom_kill","time":"2026-11-21T08:00:00Z","cgroup":"/docker/a","container":{"display":"web"},"victim":{"pid":12,"process":"hog"},"report":"/plimsoll/v1/events/7"})";

TEST(EventsTarget, AsksForWhatTheFlagsSay) {
  EventsFlags flags;
  EXPECT_EQ(events_target(flags), "/plimsoll/v1/events?stream=false");
  flags.follow = true;
  flags.kinds = {"oom,oom_kill"};
  flags.since = "-5m";
  flags.references = {"cgroup:/a b"};
  EXPECT_EQ(events_target(flags),
            "/plimsoll/v1/events?stream=true&format=ndjson&kind=oom%2Coom_kill&since=-5m"
            "&ref=cgroup%3A%2Fa%20b");
  flags.report = "17";
  EXPECT_EQ(events_target(flags), "/plimsoll/v1/events/17?format=text");
}

TEST(EventsTarget, NamesTheFlagThatIsNoGood) {
  EventsFlags flags;
  flags.kinds = {"oom,oops"};
  EXPECT_EQ(events_target(flags).error().op, std::string_view("--kind"));
  flags.kinds.clear();
  flags.references = {"a", "b"};
  EXPECT_EQ(events_target(flags).error().op, std::string_view("REF"));
  flags.report = "x";
  EXPECT_EQ(events_target(flags).error().op, std::string_view("--report"));
}

TEST(EventLine, IsForPeopleOrForPrograms) {
  EventsFlags flags;
  EXPECT_EQ(event_line(kEvent, flags),
            "#7 2026-11-21T08:00:00Z oom_kill web: hog (pid 12); plimsoll events --report 7\n");
  EXPECT_EQ(event_line(R"({"lost":3})", flags), "-- 3 events were missed\n");
  EXPECT_EQ(event_line("", flags), "");
  flags.json = true;
  EXPECT_EQ(event_line(kEvent, flags), std::string(kEvent) + "\n");
}

TEST(EventLines, AreThoseOfTheArray) {
  const std::string body = std::string("{\"events\":[") + kEvent + "," + kEvent + "],\"last\":7}";
  const auto lines = event_lines(body, {});
  ASSERT_TRUE(lines) << lines.error().message();
  EXPECT_EQ(std::count(lines->begin(), lines->end(), '\n'), 2);
  for (const char* text : {"", "{}", "[]", "{\"events\":7}", "{\"events\":[7]}"})
    EXPECT_FALSE(event_lines(text, {})) << text;
}

}  // namespace
}  // namespace plimsoll::agent
