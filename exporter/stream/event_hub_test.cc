#include "exporter/stream/event_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr MonoTime kNow{seconds(1000)};

class FakeStream final : public http::Stream {
 public:
  void write(std::shared_ptr<const std::string> frame) override { text += *frame; }
  [[nodiscard]] bool wait_for_room(std::size_t most) override { return pending() <= most; }
  [[nodiscard]] std::size_t pending() const override { return queued; }
  [[nodiscard]] bool closed() const override { return gone; }
  void finish() override { finished = true; }

  std::string text;
  std::size_t queued = 0;
  bool gone = false;
  bool finished = false;
};

EventPtr event(std::uint64_t sequence, EventType type = EventType::kCreation) {
  auto made = std::make_shared<Event>();
  made->sequence = sequence;
  made->type = type;
  made->cgroup = "/docker/" + std::to_string(sequence);
  return made;
}

EventHub::Listener listener(const std::shared_ptr<FakeStream>& stream,
                            StreamFormat format = StreamFormat::kNdjson) {
  EventsRequest request;
  request.query.types = EventQuery::all_types();
  request.selection.all = true;
  request.stream = format;
  return EventHub::listener_for(stream, request);
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(EventHub, ReplaysThenGoesLiveWithoutSayingAnythingTwice) {
  EventHub hub;
  const auto stream = std::make_shared<FakeStream>();
  hub.add(listener(stream), {event(1), event(2)}, kNow);
  EXPECT_EQ(lines(stream->text), 2U);
  hub.publish({event(2), event(3)}, kNow);  // The second was on its way while we were asked.
  EXPECT_EQ(lines(stream->text), 3U);
  EXPECT_THAT(stream->text, HasSubstr("/docker/3"));
  EXPECT_EQ(hub.stats().frames, 3U);
}

TEST(EventHub, OnlyWhatWasAskedFor) {
  EventHub hub;
  const auto stream = std::make_shared<FakeStream>();
  EventsRequest request;
  request.query.types[static_cast<std::size_t>(EventType::kDeletion)] = true;
  request.selection.all = true;
  hub.add(EventHub::listener_for(stream, request), {}, kNow);
  hub.publish({event(1), event(2, EventType::kDeletion)}, kNow);
  EXPECT_EQ(lines(stream->text), 1U);
  EXPECT_THAT(stream->text, HasSubstr("deletion"));
}

TEST(EventHub, SlowListenerMissesIsToldAndHoldsNobodyUp) {
  EventHub hub;
  const auto slow = std::make_shared<FakeStream>();
  const auto quick = std::make_shared<FakeStream>();
  hub.add(listener(slow), {}, kNow);
  hub.add(listener(quick), {}, kNow);
  slow->queued = EventHub::kMaxPending + 1;
  for (std::uint64_t i = 1; i <= 100; ++i) hub.publish({event(i)}, kNow);
  EXPECT_THAT(slow->text, IsEmpty());
  EXPECT_EQ(lines(quick->text), 100U);
  slow->queued = 0;
  hub.publish({event(101)}, kNow);
  EXPECT_TRUE(slow->text.starts_with("{\"skipped\":100}\n{\"sequence\":101")) << slow->text;
  EXPECT_EQ(hub.stats().skipped, 100U);
}

TEST(EventHub, TooMuchPastKeepsTheNewest) {
  EventHub hub;
  const auto stream = std::make_shared<FakeStream>();
  auto big = listener(stream);
  big.frame = [](const Event& e) {
    return std::to_string(e.sequence) + std::string(EventHub::kMaxReplay / 2, ' ') + "\n";
  };
  hub.add(std::move(big), {event(1), event(2), event(3), event(4), event(5)}, kNow);
  EXPECT_TRUE(stream->text.starts_with("{\"skipped\":3}\n4 ")) << stream->text.substr(0, 40);
}

TEST(EventHub, SilenceIsBrokenAndTheGoneAreForgotten) {
  EventHub hub;
  const auto stays = std::make_shared<FakeStream>();
  const auto leaves = std::make_shared<FakeStream>();
  hub.add(listener(stays, StreamFormat::kSse), {}, kNow);
  hub.add(listener(leaves), {}, kNow);
  leaves->gone = true;
  hub.beat(kNow + seconds(29));
  EXPECT_EQ(hub.stats().clients, 1U);
  EXPECT_THAT(stays->text, IsEmpty());
  hub.beat(kNow + seconds(30));
  EXPECT_EQ(stays->text, ":\n\n") << "a comment, which is no event";
  hub.beat(kNow + seconds(31));
  EXPECT_EQ(stays->text, ":\n\n");
  hub.finish_all();
  EXPECT_TRUE(stays->finished);
  EXPECT_EQ(hub.stats().clients, 0U);
}

}  // namespace
}  // namespace plimsoll::exporter
