#include "exporter/stream/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "exporter/stream/hub_fixture.h"

namespace plimsoll::exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(StreamHub, SendsTheCurrentSnapshotAtOnceThenEachTick) {
  StreamHub hub(nullptr, seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  hub.add(stream, query_for({}), snapshot(1, {"web"}));
  ASSERT_EQ(stream->frames.size(), 1U);
  EXPECT_THAT(*stream->frames[0], HasSubstr("\"sequence\":1"));
  EXPECT_TRUE(stream->frames[0]->ends_with("}\n")) << "one line a snapshot";
  hub.publish(snapshot(2, {"web"}));
  ASSERT_EQ(stream->frames.size(), 2U);
  EXPECT_THAT(*stream->frames[1], HasSubstr("\"sequence\":2"));
}

TEST(StreamHub, FormatsAViewOnceAndSharesIt) {
  StreamHub hub(nullptr, seconds(1));
  const auto a = std::make_shared<FakeStream>();
  const auto b = std::make_shared<FakeStream>();
  const auto other = std::make_shared<FakeStream>();
  hub.add(a, query_for({"web"}), nullptr);
  hub.add(b, query_for({"web"}), nullptr);
  hub.add(other, query_for({"db"}), nullptr);
  hub.publish(snapshot(1, {"web", "db"}));
  ASSERT_EQ(a->frames.size(), 1U);
  EXPECT_EQ(a->frames[0].get(), b->frames[0].get()) << "the same bytes, not equal ones";
  EXPECT_THAT(*a->frames[0], HasSubstr("id-web"));
  EXPECT_THAT(*a->frames[0], Not(HasSubstr("id-db")));
  EXPECT_THAT(*other->frames[0], HasSubstr("id-db"));
}

TEST(StreamHub, FormatsOnceForThreeHundredClientsAndNothingForNobody) {
  StreamHub hub(nullptr, seconds(1));
  const SnapshotPtr first = snapshot(1, {"web", "db"});
  std::vector<std::shared_ptr<FakeStream>> streams(300);
  for (auto& stream : streams) {
    stream = std::make_shared<FakeStream>();
    hub.add(stream, query_for({}), first);
  }
  for (std::uint64_t i = 2; i <= 5; ++i) hub.publish(snapshot(i, {"web", "db"}));
  EXPECT_EQ(hub.stats().frames, 1500U);
  EXPECT_EQ(hub.stats().formatted, 5U);
  for (const auto& stream : streams) stream->gone = true;
  hub.publish(snapshot(6, {"web", "db"}));
  hub.publish(snapshot(7, {"web", "db"}));
  EXPECT_EQ(hub.stats().formatted, 5U) << "nobody listens";
}

// A snapshot made between the ticks.
SnapshotPtr between(std::uint64_t sequence, std::vector<std::string> names, milliseconds after) {
  auto made = std::make_shared<Snapshot>(*snapshot(sequence, std::move(names)));
  made->taken = MonoTime(seconds(1001)) + after;
  return made;
}

TEST(StreamHub, QuickClientsGetWhatIsSampledBetweenTheTicks) {
  StreamHub hub(nullptr, seconds(1));
  const auto quick = std::make_shared<FakeStream>();
  const auto half = std::make_shared<FakeStream>();
  const auto slow = std::make_shared<FakeStream>();
  const std::vector<std::string> names = {"web", "db"};
  hub.add(quick, query_for({"web"}, milliseconds(100)), snapshot(1, names));
  hub.add(half, query_for({"web"}, milliseconds(250)), snapshot(1, names));
  hub.add(slow, query_for({"web"}), snapshot(1, names));
  EXPECT_EQ(hub.watched(), std::vector<std::uint64_t>{1}) << "web's serial";
  for (std::uint64_t i = 1; i <= 9; ++i)
    hub.publish_watched(between(1 + i, names, milliseconds(100) * static_cast<int>(i)));
  EXPECT_EQ(slow->frames.size(), 1U);
  EXPECT_EQ(quick->frames.size(), 10U);
  EXPECT_EQ(half->frames.size(), 4U) << "at 0, 200, 500 and 700 ms";
  EXPECT_THAT(*quick->frames[9], HasSubstr("\"sequence\":10"));
  hub.publish(between(11, names, seconds(1)));
  EXPECT_EQ(quick->frames.size(), 11U);
  EXPECT_EQ(slow->frames.size(), 2U);
  quick->gone = half->gone = true;
  hub.publish(between(12, names, seconds(2)));
  EXPECT_TRUE(hub.watched().empty()) << "nobody is in a hurry any more";
}

TEST(StreamHub, TooManyContainersAreNotWatchedAndTheClientIsTold) {
  StreamHub hub(nullptr, seconds(1));
  std::vector<std::string> names = {"web"};
  for (std::size_t i = 0; i < StreamHub::kMaxWatched; ++i) names.push_back("c" + std::to_string(i));
  const auto all = std::make_shared<FakeStream>();
  const auto one = std::make_shared<FakeStream>();
  hub.add(all, query_for({}, milliseconds(100)), snapshot(1, names));
  ASSERT_EQ(all->frames.size(), 2U);
  EXPECT_EQ(*all->frames[0], "{\"interval\":1}\n") << "what it gets instead of what it asked for";
  hub.add(one, query_for({"web"}, milliseconds(100)), snapshot(1, names));
  EXPECT_EQ(hub.watched(), std::vector<std::uint64_t>{1}) << "the small view is not its victim";
  hub.publish_watched(between(2, names, milliseconds(100)));
  EXPECT_EQ(all->frames.size(), 2U);
  EXPECT_EQ(one->frames.size(), 2U);
  hub.publish(between(3, {"web", "db"}, seconds(1)));
  ASSERT_EQ(all->frames.size(), 4U);
  EXPECT_EQ(*all->frames[2], "{\"interval\":0.1}\n") << "they are few enough now";
}

StreamQuery columns_query() {
  StreamQuery query = query_for({});
  query.columns = {cgroupfs::Field::kCpuUsage, cgroupfs::Field::kMemoryUsage};
  return query;
}

// As the sampler marks them: "web" changes at every tick, "db" does not.
SnapshotPtr marked(std::uint64_t sequence, std::vector<std::string> names,
                   std::uint64_t rows_since = 1) {
  auto made = std::make_shared<Snapshot>(*snapshot(sequence, std::move(names)));
  made->changed = {sequence, 1};
  made->rows_since = rows_since;
  return made;
}

TEST(StreamHub, ColumnsSayWhoOnceAndThenOnlyWhatChanged) {
  StreamHub hub(nullptr, seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  hub.add(stream, columns_query(), marked(1, {"web", "db"}));
  hub.publish(marked(2, {"web", "db"}));
  ASSERT_EQ(stream->frames.size(), 2U);
  EXPECT_THAT(*stream->frames[0], HasSubstr("\"fields\":[\"cpu.usage\",\"memory.usage\"]"));
  EXPECT_THAT(*stream->frames[0], HasSubstr("{\"key\":1,\"id\":\"id-web\",\"name\":\"web\""));
  EXPECT_THAT(*stream->frames[0], HasSubstr("\"values\":[[1,1,null],[2,1,null]]"));
  EXPECT_THAT(*stream->frames[1], Not(HasSubstr("fields")));
  EXPECT_THAT(*stream->frames[1], HasSubstr("\"values\":[[1,2,null]]"));
  hub.publish(marked(3, {"web", "cache"}, 3));
  EXPECT_THAT(*stream->frames[2], HasSubstr("\"id\":\"id-cache\"")) << "other containers";
}

TEST(StreamHub, WhoSeesMoreThanTicksReadFollows) {
  StreamHub hub(nullptr, seconds(1));
  const std::vector<std::string> names = {"web", "db", "cache"};
  const auto columns = std::make_shared<FakeStream>();
  hub.add(columns, columns_query(), snapshot(1, names));
  EXPECT_TRUE(hub.followed().empty()) << "every tick reads CPU and memory usage";
  const auto cache = std::make_shared<FakeStream>();
  hub.add(cache, query_for({"cache"}), snapshot(1, names));
  EXPECT_EQ(hub.followed(), std::vector<std::uint64_t>{3});
  StreamQuery query = query_for({"web"});
  query.columns = {cgroupfs::Field::kCpuUsage, cgroupfs::Field::kPids};
  const auto pids = std::make_shared<FakeStream>();
  hub.add(pids, std::move(query), snapshot(1, names));
  hub.add(std::make_shared<FakeStream>(), query_for({"web", "cache"}), nullptr);
  hub.publish(snapshot(2, names));
  EXPECT_EQ(hub.followed(), (std::vector<std::uint64_t>{1, 3}));
  cache->gone = pids->gone = true;
  hub.publish(snapshot(3, {"cache", "db"}));
  EXPECT_EQ(hub.followed(), std::vector<std::uint64_t>{1}) << "the cache's serial by now";
  hub.finish_all();
  EXPECT_TRUE(hub.followed().empty());
}

TEST(StreamHub, WhoMissedAFrameOfChangesMissesNoChange) {
  StreamHub hub(nullptr, seconds(1));
  const auto slow = std::make_shared<FakeStream>();
  const auto quick = std::make_shared<FakeStream>();
  hub.add(slow, columns_query(), marked(1, {"web", "db"}));
  hub.add(quick, columns_query(), marked(1, {"web", "db"}));
  slow->queued = StreamHub::kMaxPending + 1;
  auto changed = std::make_shared<Snapshot>(*marked(2, {"web", "db"}));
  changed->changed = {1, 2};  // Once, "db" does.
  hub.publish(changed);
  slow->queued = 0;
  hub.publish(marked(3, {"web", "db"}));
  ASSERT_EQ(slow->frames.size(), 3U);
  EXPECT_EQ(*slow->frames[1], "{\"skipped\":1}\n");
  auto last = std::make_shared<Snapshot>(*marked(4, {"web", "db"}));
  last->changed = {3, 2};
  slow->queued = StreamHub::kMaxPending + 1;
  hub.publish(last);
  EXPECT_THAT(*quick->frames.back(), HasSubstr("\"values\":[]")) << "nothing changed since 3";
}

TEST(StreamHub, LongerIntervalsGetFewerFrames) {
  StreamHub hub(nullptr, seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  hub.add(stream, query_for({}, seconds(3)), snapshot(1, {"web"}));
  for (std::uint64_t i = 2; i <= 7; ++i) hub.publish(snapshot(i, {"web"}));
  ASSERT_EQ(stream->frames.size(), 3U);
  EXPECT_THAT(*stream->frames[1], HasSubstr("\"sequence\":4"));
  EXPECT_THAT(*stream->frames[2], HasSubstr("\"sequence\":7"));
}

TEST(StreamHub, SlowClientSkipsIsToldAndHoldsNobodyUp) {
  StreamHub hub(nullptr, seconds(1));
  const auto slow = std::make_shared<FakeStream>();
  const auto quick = std::make_shared<FakeStream>();
  hub.add(slow, query_for({}), nullptr);
  hub.add(quick, query_for({}), nullptr);
  slow->queued = StreamHub::kMaxPending + 1;
  hub.publish(snapshot(1, {"web"}));
  hub.publish(snapshot(2, {"web"}));
  EXPECT_TRUE(slow->frames.empty());
  EXPECT_EQ(quick->frames.size(), 2U);
  slow->queued = 0;
  hub.publish(snapshot(3, {"web"}));
  ASSERT_EQ(slow->frames.size(), 2U);
  EXPECT_EQ(*slow->frames[0], "{\"skipped\":2}\n");
  EXPECT_THAT(*slow->frames[1], HasSubstr("\"sequence\":3"));
  EXPECT_EQ(hub.stats().skipped, 2U);
}

TEST(StreamHub, ForgetsClientsThatLeft) {
  StreamHub hub(nullptr, seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  hub.add(stream, query_for({}), nullptr);
  EXPECT_EQ(hub.stats().clients, 1U);
  stream->gone = true;
  hub.publish(snapshot(1, {"web"}));
  EXPECT_EQ(hub.stats().clients, 0U);
  EXPECT_TRUE(stream->frames.empty());
}

TEST(StreamHub, SseFramesCarryEventAndId) {
  StreamHub hub(nullptr, seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  StreamQuery query = query_for({});
  query.format = StreamFormat::kSse;
  hub.add(stream, std::move(query), snapshot(9, {"web"}));
  ASSERT_EQ(stream->frames.size(), 1U);
  EXPECT_THAT(*stream->frames[0], StartsWith("event: snapshot\nid: 9\ndata: {"));
  EXPECT_TRUE(stream->frames[0]->ends_with("}\n\n"));
}

TEST(StreamHub, ReplaysHistoryBeforeGoingLive) {
  const auto history = History::create({});
  auto first = std::make_shared<Snapshot>(*snapshot(1, {"web", "db"}));
  first->wall = FakeClock().wall();
  history->append(*first);
  auto second = std::make_shared<Snapshot>(*snapshot(2, {"web", "db"}));
  second->wall = first->wall + seconds(1);
  history->append(*second);
  StreamHub hub(history.get(), seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  StreamQuery query = query_for({"web"});
  query.since_sequence = 1;
  hub.add(stream, std::move(query), second);
  ASSERT_EQ(stream->frames.size(), 2U);
  EXPECT_THAT(*stream->frames[0], HasSubstr("\"sequence\":2"));
  EXPECT_THAT(*stream->frames[0], Not(HasSubstr("\"sequence\":1")));
  EXPECT_THAT(*stream->frames[0], Not(HasSubstr("id-db")));
}

TEST(StreamHub, ReplaysAllAfterARestartOfTheExporter) {
  const auto history = History::create({});
  const SnapshotPtr current = snapshot(3, {"web"});
  history->append(*current);
  StreamHub hub(history.get(), seconds(1));
  const auto stream = std::make_shared<FakeStream>();
  StreamQuery query = query_for({});
  query.since_sequence = 5000;  // The Last-Event-ID of the exporter before.
  hub.add(stream, std::move(query), current);
  ASSERT_EQ(stream->frames.size(), 2U);
  EXPECT_THAT(*stream->frames[0], HasSubstr("\"sequence\":3"));
}

http::Request request(std::vector<std::pair<std::string, std::string>> query,
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
  http::Request made;
  made.query = std::move(query);
  made.headers = std::move(headers);
  return made;
}

TEST(ParseStreamQuery, ReadsIntervalFormatAndSince) {
  const WallTime now = FakeClock().wall();
  EXPECT_EQ(parse_stream_query(request({{"interval", "5s"}}), now)->interval, seconds(5));
  EXPECT_EQ(parse_stream_query(request({{"format", "sse"}}), now)->format, StreamFormat::kSse);
  EXPECT_EQ(parse_stream_query(request({}, {{"accept", "text/event-stream"}}), now)->format,
            StreamFormat::kSse);
  EXPECT_EQ(parse_stream_query(request({{"since", "-5m"}}), now)->since_time, now - seconds(300));
  EXPECT_EQ(parse_stream_query(request({{"since", "#12"}}), now)->since_sequence, 12U);
  EXPECT_EQ(parse_stream_query(request({{"since", "1700000000"}}), now)->since_time,
            WallTime(seconds(1'700'000'000)));
  EXPECT_EQ(parse_stream_query(request({}, {{"last-event-id", "7"}}), now)->since_sequence, 7U);
}

TEST(ParseStreamQuery, NamesWhatIsWrong) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"interval", "0"},
                                                        {"interval", "x"},
                                                        {"interval", "2h"},
                                                        {"fields", "cpu.usage,cpu.colour"},
                                                        {"fields", ""},
                                                        {"format", "xml"},
                                                        {"since", "yesterday"},
                                                        {"since", "#"},
                                                        {"since", "-x"}}) {
    const auto refused = parse_stream_query(request({{name, value}}), WallTime{});
    ASSERT_FALSE(refused) << name << "=" << value;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(refused.error().subject, StartsWith(name + "="));
  }
}

}  // namespace
}  // namespace plimsoll::exporter
