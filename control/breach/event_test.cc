// Ring, coalescer and the three formats.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "control/breach/coalesce.h"
#include "control/breach/encode.h"
#include "control/breach/ring.h"
#include "control/breach/units.h"

namespace plimsoll::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kNow{seconds(100)};

BreachEvent of_kind(BreachKind kind, std::string cgroup = "/a") {
  BreachEvent event;
  event.kind = kind;
  event.cgroup = std::move(cgroup);
  event.at = WallTime(seconds(1'700'000'000));
  return event;
}

TEST(BreachKind, NamesGoBothWays) {
  for (const BreachKind kind : kBreachKinds) EXPECT_EQ(breach_kind_named(name_of(kind)), kind);
  EXPECT_EQ(breach_kind_named("oom_kil"), std::nullopt);
}

TEST(BreachRing, NumbersKeepsAndResumes) {
  BreachRing ring(3);
  for (int i = 0; i < 5; ++i) (void)ring.publish(of_kind(BreachKind::kOom));
  EXPECT_EQ(ring.last_id(), 5U);
  const auto past = ring.after(0);
  EXPECT_EQ(past.lost, 2U);
  ASSERT_EQ(past.events.size(), 3U);
  EXPECT_EQ(past.events[0]->id, 3U);
  EXPECT_EQ(ring.after(2).lost, 0U);
  EXPECT_EQ(ring.after(4).events.size(), 1U);
  EXPECT_TRUE(ring.after(5).events.empty());
  EXPECT_FALSE(ring.after(5).restarted);
  const auto other = ring.after(99);
  EXPECT_TRUE(other.restarted) << "the number is of an earlier engine";
  EXPECT_EQ(other.events.size(), 3U);
  EXPECT_EQ(ring.find(4)->id, 4U);
  EXPECT_EQ(ring.find(2), nullptr);
}

TEST(BreachRing, ListenersHearEveryEventInOrderFromAnyThread) {
  BreachRing ring(10);
  std::vector<std::uint64_t> heard;
  const auto listener = ring.listen([&](const BreachPtr& event) { heard.push_back(event->id); });
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) (void)ring.publish(of_kind(BreachKind::kOom));
      });
  }
  ring.unlisten(listener);
  (void)ring.publish(of_kind(BreachKind::kOom));
  ASSERT_EQ(heard.size(), 1000U);
  for (std::size_t i = 0; i < heard.size(); ++i) ASSERT_EQ(heard[i], i + 1);
}

TEST(Coalescer, AStormIsOneEventAndThenANumber) {
  Coalescer coalescer({});
  EXPECT_TRUE(coalescer.offer(of_kind(BreachKind::kMemoryMax), kNow));
  for (int i = 0; i < 500; ++i)
    EXPECT_FALSE(coalescer.offer(of_kind(BreachKind::kMemoryMax), kNow + milliseconds(i)));
  EXPECT_TRUE(coalescer.offer(of_kind(BreachKind::kMemoryMax, "/b"), kNow)) << "another group";
  EXPECT_TRUE(coalescer.due(kNow + seconds(9)).empty());
  const auto due = coalescer.due(kNow + seconds(10));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].count, 500U);
  EXPECT_FALSE(coalescer.offer(of_kind(BreachKind::kMemoryMax), kNow + seconds(11)))
      << "the storm goes on";
  EXPECT_EQ(coalescer.due(kNow + seconds(20)).size(), 1U);
  EXPECT_TRUE(coalescer.due(kNow + seconds(30)).empty());
  EXPECT_TRUE(coalescer.offer(of_kind(BreachKind::kMemoryMax), kNow + seconds(31)));
}

TEST(Coalescer, KillsPassOneByOneUpToABound) {
  Coalescer coalescer({.kills_per_second = 3});
  int passed = 0;
  for (int i = 0; i < 10; ++i)
    passed += coalescer.offer(of_kind(BreachKind::kOomKill), kNow) ? 1 : 0;
  EXPECT_EQ(passed, 3);
  const auto due = coalescer.due(kNow + seconds(1));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].count, 7U) << "none is left out";
}

TEST(Coalescer, BeyondTheGlobalRateFirstOnesWaitTooAndNoneIsLost) {
  Coalescer coalescer({.events_per_second = 5});
  std::uint64_t told = 0;
  for (int i = 0; i < 100; ++i)
    if (const auto event =
            coalescer.offer(of_kind(BreachKind::kMemoryMax, "/" + std::to_string(i)), kNow))
      told += event->count;
  EXPECT_EQ(told, 5U);
  for (const BreachEvent& event : coalescer.flush()) told += event.count;
  EXPECT_EQ(told, 100U);
}

TEST(Coalescer, ThresholdsAreNotHeldBack) {
  Coalescer coalescer({});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(coalescer.offer(of_kind(BreachKind::kNearLimit), kNow));
}

BreachEvent full_event() {
  BreachEvent event = of_kind(BreachKind::kOomKill, "/docker/a/in\xff");
  event.id = 7;
  event.source = BreachSource::kKernelLog;
  auto identity = std::make_shared<inventory::Identity>();
  identity->id = "a";
  identity->name = "web";
  identity->display = "web";
  identity->runtime = inventory::Runtime::kDocker;
  event.identity = identity;
  event.count = 2;
  event.limit = "memory.max";
  event.limit_value = 16 << 20;
  event.bound_by = "/docker";
  event.bound_by_name = "all of docker";
  event.current = 15 << 20;
  event.percent = 95;
  event.lost = milliseconds(1500);
  event.periods = 10;
  event.throttled_periods = 9;
  event.pid = 4711;
  event.process = "ho\"g\n";
  event.constraint = "CONSTRAINT_MEMCG";
  event.has_report = true;
  return event;
}

TEST(EventJson, IsReadBackAsItWas) {
  const BreachEvent event = full_event();
  const std::string json = to_json(event);
  EXPECT_EQ(json.find('\n'), std::string::npos) << json;
  const auto read = parse_event(json);
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_TRUE(read->event);
  EXPECT_EQ(read->name, "web");
  EXPECT_EQ(read->event->cgroup, "/docker/a/in\xEF\xBF\xBD") << "no UTF-8: replaced";
  EXPECT_EQ(to_json(*read->event).substr(0, 60), json.substr(0, 60));
  EXPECT_EQ(read->event->process, event.process);
  EXPECT_EQ(read->event->lost, event.lost);
  EXPECT_EQ(read->event->bound_by, event.bound_by);
  EXPECT_TRUE(read->event->has_report);
}

TEST(EventJson, LeavesOutWhatIsNotKnown) {
  const auto json = nlohmann::json::parse(to_json(of_kind(BreachKind::kCpuStall)));
  for (const char* key : {"container", "limit", "victim", "percent", "current", "report"})
    EXPECT_FALSE(json.contains(key)) << key;
}

TEST(EventJson, OthersAreNamed) {
  for (const char* text : {"", "[]", "{", "{}", R"({"id":1})", R"({"id":1,"kind":"x","time":"y"})",
                           R"({"id":-1,"kind":"oom","time":"2026-01-01T00:00:00Z"})"}) {
    const auto read = parse_event(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed) << text;
  }
  EXPECT_EQ(parse_event(R"({"lost":3})")->lost, 3U);
  EXPECT_TRUE(parse_event(R"({"restarted":true})")->restarted);
}

TEST(EventFrames, AreOneLineOrAnSseEvent) {
  const BreachEvent event = full_event();
  const std::string line = framed(EventFormat::kNdjson, event);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const std::string sse = framed(EventFormat::kSse, event);
  EXPECT_TRUE(sse.starts_with("event: oom_kill\nid: 7\ndata: {")) << sse;
  EXPECT_TRUE(sse.ends_with("}\n\n"));
  EXPECT_EQ(lost_frame(EventFormat::kNdjson, 4), "{\"lost\":4}\n");
  EXPECT_EQ(lost_frame(EventFormat::kSse, 4), "event: lost\ndata: {\"lost\":4}\n\n");
}

TEST(EventText, IsALineForPeople) {
  BreachEvent event = full_event();
  event.process = "hog";
  event.percent.reset();
  event.lost.reset();
  event.periods.reset();
  EXPECT_EQ(to_text(event),
            "2023-11-14T22:13:20Z oom_kill web: hog (pid 4711); memory.max 16M, at 15M (of all of "
            "docker); 2 times");
}

TEST(Units, AreShort) {
  EXPECT_EQ(bytes_text(0), "0");
  EXPECT_EQ(bytes_text(512), "512");
  EXPECT_EQ(bytes_text(1536), "1.5K");
  EXPECT_EQ(bytes_text(std::uint64_t{16} << 20), "16M");
  EXPECT_EQ(duration_text(milliseconds(1500)), "1.5s");
  EXPECT_EQ(printable("a\x1b[31m\xff"), "a?[31m\xEF\xBF\xBD");
  EXPECT_EQ(duration_text(std::chrono::microseconds(350)), "350us");
}

}  // namespace
}  // namespace plimsoll::control
