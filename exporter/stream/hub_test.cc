#include "exporter/stream/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "exporter/collect/rates.h"

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Runtime;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeStream final : public http::Stream {
 public:
  void write(std::shared_ptr<const std::string> frame) override {
    frames.push_back(std::move(frame));
  }
  [[nodiscard]] std::size_t pending() const override { return queued; }
  [[nodiscard]] bool closed() const override { return gone; }
  void finish() override { finished = true; }

  std::vector<std::shared_ptr<const std::string>> frames;
  std::size_t queued = 0;
  bool gone = false;
  bool finished = false;
};

SnapshotPtr snapshot(std::uint64_t sequence, std::vector<std::string> names) {
  auto made = std::make_shared<Snapshot>();
  made->sequence = sequence;
  made->reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    Identity identity;
    identity.runtime = Runtime::kDocker;
    identity.id = "id-" + names[i];
    identity.cgroup = "/docker/" + identity.id;
    identity.name = names[i];
    identity.display = names[i];
    Row row;
    row.serial = i + 1;
    row.identity = std::make_shared<const Identity>(std::move(identity));
    made->rows.push_back(std::move(row));
    made->rates.push_back(no_rates());
    made->devices.start_row();
    made->interfaces.start_row();
    made->filesystems.start_row();
    made->hugetlb.start_row();
    made->numa.start_row();
    made->per_cpu_ns.start_row();
    made->set(cgroupfs::Field::kCpuUsage, i, sequence * 1'000'000'000);
  }
  return made;
}

StreamQuery query_for(std::vector<std::string> names, seconds interval = seconds(1)) {
  StreamQuery query;
  query.selection.names = std::move(names);
  query.interval = interval;
  return query;
}

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
                                                        {"format", "xml"},
                                                        {"since", "yesterday"},
                                                        {"since", "#"},
                                                        {"since", "-x"}}) {
    const auto refused = parse_stream_query(request({{name, value}}), WallTime{});
    ASSERT_FALSE(refused) << name << "=" << value;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(refused.error().subject, StartsWith(name + "=" + value));
  }
}

}  // namespace
}  // namespace plimsoll::exporter
