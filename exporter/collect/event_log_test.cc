#include "exporter/collect/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Metadata;
using inventory::Runtime;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr WallTime kStart{seconds(1'700'000'000)};

struct Group {
  std::string cgroup;
  std::uint64_t serial = 0;
  std::string name;
  Metadata metadata = Metadata::kComplete;
  WallTime created = kStart - seconds(60);
};

// A snapshot `at` so long after kStart; groups sorted by path as the sampler does.
Snapshot snapshot_of(std::vector<Group> groups, std::chrono::nanoseconds at = seconds(0)) {
  std::ranges::sort(groups, {}, &Group::cgroup);
  Snapshot snapshot;
  snapshot.wall = kStart + at;
  snapshot.taken = MonoTime(seconds(1000) + at);
  for (const Group& group : groups) {
    Identity identity;
    identity.cgroup = group.cgroup;
    identity.name = group.name;
    identity.metadata = group.metadata;
    identity.runtime = group.cgroup.starts_with("/docker/") ? Runtime::kDocker : Runtime::kSystemd;
    Row row;
    row.serial = group.serial;
    row.created = group.created;
    row.identity = std::make_shared<const Identity>(std::move(identity));
    snapshot.rows.push_back(std::move(row));
  }
  return snapshot;
}

std::vector<std::string> told(const std::vector<EventPtr>& events) {
  std::vector<std::string> lines;
  lines.reserve(events.size());
  for (const EventPtr& event : events)
    lines.push_back(std::string(name_of(event->type)) + " " + event->cgroup);
  return lines;
}

EventQuery everything() {
  return {.types = EventQuery::all_types()};
}

TEST(EventLog, FirstSnapshotBringsEveryGroupAtItsBirth) {
  EventLog log;
  const auto events =
      log.observe(snapshot_of({{"/docker/b", 2, "b", Metadata::kComplete, kStart - seconds(30)},
                               {"/docker/a", 3, "a", Metadata::kPending, kStart - seconds(10)},
                               {"/", 1}}));
  EXPECT_THAT(told(events), ElementsAre("creation /", "creation /docker/b", "creation /docker/a"));
  EXPECT_EQ(events[1]->at, kStart - seconds(30));
  EXPECT_EQ(events[1]->sequence, 2U);
  EXPECT_EQ(log.last_sequence(), 3U);
}

// The container /docker/a is gone, and its runtime said so much about it.
Snapshot without_a(std::chrono::nanoseconds at, std::optional<inventory::Ending> ending) {
  Snapshot snapshot = snapshot_of({{"/", 1}}, at);
  auto identity = std::make_shared<Identity>();
  identity->cgroup = "/docker/a";
  snapshot.tombstones.push_back({std::move(identity), nullptr, 0, std::nullopt, ending});
  return snapshot;
}

TEST(EventLog, ADeletionWaitsForTheExitCode) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}}));
  EXPECT_THAT(log.observe(without_a(seconds(1), std::nullopt)), IsEmpty());
  const auto events = log.observe(without_a(seconds(2), inventory::Ending{.exit_code = 137}));
  ASSERT_THAT(told(events), ElementsAre("deletion /docker/a"));
  EXPECT_EQ(events[0]->exit_code, 137);
  EXPECT_EQ(events[0]->at, kStart + seconds(1)) << "when it was noticed, not told";
  EXPECT_THAT(log.observe(without_a(seconds(3), inventory::Ending{})), IsEmpty());
}

TEST(EventLog, ADeletionWaitsTwoSecondsAtMost) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}}));
  EXPECT_THAT(log.observe(without_a(seconds(1), std::nullopt)), IsEmpty());
  EXPECT_THAT(log.observe(without_a(seconds(2), std::nullopt)), IsEmpty());
  const auto events = log.observe(without_a(seconds(3), std::nullopt));
  ASSERT_THAT(told(events), ElementsAre("deletion /docker/a"));
  EXPECT_EQ(events[0]->exit_code, std::nullopt);
}

TEST(EventLog, ADeletionComesBeforeTheCreationThatFollows) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}}));
  EXPECT_THAT(log.observe(without_a(seconds(1), std::nullopt)), IsEmpty());
  Snapshot again = without_a(seconds(2), std::nullopt);
  again.rows = snapshot_of({{"/", 1}, {"/docker/a", 3, "a"}}).rows;
  EXPECT_THAT(told(log.observe(again)), ElementsAre("deletion /docker/a", "creation /docker/a"));
}

TEST(EventLog, AKillBeforeADeletionThatWaitsIsTheContainers) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}}));
  (void)log.observe(without_a(seconds(1), std::nullopt));
  Snapshot late = without_a(seconds(2), std::nullopt);
  late.ooms.push_back({.kind = OomKind::kKill, .at = kStart, .cgroup = "/docker/a"});
  const auto events = log.observe(late);
  ASSERT_THAT(told(events), ElementsAre("oom_kill /docker/a"));
  ASSERT_TRUE(events[0]->identity);
  EXPECT_EQ(events[0]->identity->name, "a");
}

TEST(EventLog, TellsWhatCameAndWhatWent) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}, {"/docker/c", 3, "c"}}));
  EXPECT_THAT(log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "a"}, {"/docker/c", 3, "c"}},
                                      seconds(1))),
              IsEmpty());
  const auto events = log.observe(
      snapshot_of({{"/", 1}, {"/docker/b", 4, "b"}, {"/docker/c", 3, "c"}}, seconds(20)));
  EXPECT_THAT(told(events), ElementsAre("deletion /docker/a", "creation /docker/b"));
  EXPECT_EQ(events[0]->identity->name, "a") << "who it was is known after the end";
  EXPECT_EQ(events[0]->exit_code, std::nullopt);
  EXPECT_EQ(events[1]->at, kStart + seconds(20)) << "made long ago, started now";
}

TEST(EventLog, ExactBirthWinsOverTheTick) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}}));
  const auto events = log.observe(snapshot_of(
      {{"/", 1}, {"/docker/a", 2, "a", Metadata::kComplete, kStart + milliseconds(600)}},
      seconds(1)));
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0]->at, kStart + milliseconds(600));
}

TEST(EventLog, SameNameAnewIsAnotherContainer) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/docker/a", 2, "a"}}));
  EXPECT_THAT(told(log.observe(snapshot_of({{"/docker/a", 9, "a"}}, seconds(1)))),
              ElementsAre("deletion /docker/a", "creation /docker/a"));
}

TEST(EventLog, ThePredecessorEndsBeforeTheSuccessorBegins) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/docker/a", 2, "a"}}));
  const auto events = log.observe(snapshot_of(
      {{"/docker/a", 9, "a", Metadata::kComplete, kStart + milliseconds(300)}}, seconds(1)));
  EXPECT_THAT(told(events), ElementsAre("deletion /docker/a", "creation /docker/a"));
  EXPECT_EQ(events[0]->at, kStart + milliseconds(300));
}

TEST(EventLog, CreationWaitsForTheName) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}}));
  EXPECT_THAT(
      log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "", Metadata::kPending}}, seconds(1))),
      IsEmpty());
  const auto named =
      log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "web"}}, milliseconds(1500)));
  ASSERT_THAT(named, SizeIs(1));
  EXPECT_EQ(named[0]->identity->name, "web");
  EXPECT_EQ(named[0]->at, kStart + seconds(1)) << "when it appeared, not when it was named";
}

TEST(EventLog, CreationDoesNotWaitForEver) {
  EventLog log;
  const std::vector<Group> groups = {{"/", 1}, {"/docker/a", 2, "", Metadata::kPending}};
  (void)log.observe(snapshot_of({{"/", 1}}));
  EXPECT_THAT(log.observe(snapshot_of(groups, seconds(1))), IsEmpty());
  EXPECT_THAT(log.observe(snapshot_of(groups, milliseconds(2999))), IsEmpty());
  EXPECT_THAT(log.observe(snapshot_of(groups, seconds(3))), SizeIs(1));
}

TEST(EventLog, ShortLifeIsToldWhole) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/", 1}}));
  (void)log.observe(snapshot_of({{"/", 1}, {"/docker/a", 2, "", Metadata::kPending}}, seconds(1)));
  EXPECT_THAT(told(log.observe(snapshot_of({{"/", 1}}, seconds(2)))),
              ElementsAre("creation /docker/a", "deletion /docker/a"));
}

TEST(EventLog, OomIsTheLimitsAndTheKillTheVictims) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/docker/a", 2, "web"}}));
  Snapshot next = snapshot_of({}, seconds(1));
  next.ooms = {{.kind = OomKind::kOom,
                .at = kStart + milliseconds(400),
                .cgroup = "/docker/a/inner",
                .limited = "/docker/a"},
               {.kind = OomKind::kKill,
                .at = kStart + milliseconds(400),
                .cgroup = "/docker/a/inner",
                .limited = "/docker/a",
                .pid = 42,
                .process = "hog"}};
  const auto events = log.observe(next);
  EXPECT_THAT(told(events),
              ElementsAre("oom /docker/a", "oom_kill /docker/a/inner", "deletion /docker/a"));
  ASSERT_TRUE(events[1]->identity) << "the container that the victim's group lies in";
  EXPECT_EQ(events[1]->identity->name, "web");
  EXPECT_EQ(events[1]->oom->pid, 42);

  Snapshot late = snapshot_of({}, seconds(3));
  late.ooms = {{.at = kStart, .cgroup = "/docker/a"}, {.at = kStart, .cgroup = "/never/seen"}};
  const auto after = log.observe(late);
  ASSERT_THAT(after, SizeIs(2));
  ASSERT_TRUE(after[0]->identity) << "ended before its kill was read";
  EXPECT_EQ(after[0]->identity->name, "web");
  EXPECT_FALSE(after[1]->identity);
}

TEST(EventLog, AgeAndCountBoundEachType) {
  EventLimits limits;
  limits.of[static_cast<std::size_t>(EventType::kCreation)] = {.age = hours(1), .count = 100};
  limits.of[static_cast<std::size_t>(EventType::kDeletion)] = {.age = hours(24), .count = 2};
  EventLog log(limits);
  (void)log.observe(snapshot_of({{"/docker/a", 1}, {"/docker/b", 2}, {"/docker/c", 3}}));
  (void)log.observe(snapshot_of({}, seconds(1)));
  EXPECT_THAT(told(log.find(everything(), kStart + seconds(1))),
              ElementsAre("creation /docker/a", "creation /docker/b", "creation /docker/c",
                          "deletion /docker/b", "deletion /docker/c"));
  EXPECT_EQ(log.stats().evicted, 1U);
  EXPECT_THAT(told(log.find(everything(), kStart + hours(2))),
              ElementsAre("deletion /docker/b", "deletion /docker/c"))
      << "too old is not told, evicted or not";
  (void)log.observe(snapshot_of({}, hours(2)));
  EXPECT_EQ(log.stats().kept[static_cast<std::size_t>(EventType::kCreation)], 0U);
  EXPECT_EQ(log.stats().total[static_cast<std::size_t>(EventType::kDeletion)], 3U);
}

TEST(EventLog, BytesBoundEverything) {
  EventLimits limits;
  limits.max_bytes = 20'000;
  EventLog log(limits);
  for (int i = 0; i < 200; ++i)
    (void)log.observe(snapshot_of(
        {{"/docker/" + std::to_string(i), 10U + static_cast<unsigned>(i)}}, seconds(i)));
  const EventStats stats = log.stats();
  EXPECT_GT(stats.evicted, 0U);
  EXPECT_EQ(stats.kept[0] + stats.kept[1] + stats.evicted, stats.total[0] + stats.total[1]);
  EXPECT_THAT(told(log.find(everything(), kStart + seconds(200))).back(), HasSubstr("/docker/199"))
      << "the newest stay";
}

TEST(EventLog, QueriesFilterByTypeTimeSequenceAndNumber) {
  EventLog log;
  (void)log.observe(snapshot_of({{"/docker/a", 1, "a"}, {"/docker/b", 2, "b"}}));
  (void)log.observe(snapshot_of({{"/docker/b", 2, "b"}}, seconds(10)));
  (void)log.observe(snapshot_of({}, seconds(20)));
  const WallTime now = kStart + seconds(30);
  EXPECT_THAT(log.find({}, now), IsEmpty()) << "no type chosen: nothing";
  EventQuery query = everything();
  query.start = kStart + seconds(10);
  query.end = kStart + seconds(10);
  EXPECT_THAT(told(log.find(query, now)), ElementsAre("deletion /docker/a"));
  query = everything();
  query.newest = 1;
  EXPECT_THAT(told(log.find(query, now)), ElementsAre("deletion /docker/b"));
  query = everything();
  query.after = 2;
  EXPECT_THAT(log.find(query, now), SizeIs(2));
  query = everything();
  query.matches = [](const Event& event) { return event.identity->name == "a"; };
  EXPECT_THAT(told(log.find(query, now)), ElementsAre("creation /docker/a", "deletion /docker/a"));
}

TEST(EventLimits, ReadsCadvisorsFlags) {
  const auto limits =
      parse_event_limits("default=1h30m,oom=72h", "containerDeletion=5,default=7,oomKill=0");
  ASSERT_TRUE(limits) << limits.error().message();
  const auto of = [&](EventType type) { return limits->of[static_cast<std::size_t>(type)]; };
  EXPECT_EQ(of(EventType::kCreation), (EventLimits::OfType{std::chrono::minutes(90), 7}));
  EXPECT_EQ(of(EventType::kDeletion), (EventLimits::OfType{std::chrono::minutes(90), 5}));
  EXPECT_EQ(of(EventType::kOom), (EventLimits::OfType{hours(72), 7}));
  EXPECT_EQ(of(EventType::kOomKill).count, 0U);
  EXPECT_EQ(parse_event_limits("", "")->of[0], EventLimits::OfType{});
}

TEST(EventLimits, NamesTheBadEntry) {
  for (const std::string bad : {"default=24", "sideways=1h", "oom", "oom=-1h"}) {
    const auto limits = parse_event_limits("default=24h," + bad, "");
    ASSERT_FALSE(limits) << bad;
    EXPECT_THAT(limits.error().subject, HasSubstr("'" + bad + "'"));
  }
  EXPECT_FALSE(parse_event_limits("", "default=-1"));
}

}  // namespace
}  // namespace plimsoll::exporter
