#include "control/breach/query.h"

#include <gtest/gtest.h>

#include "control/breach/service.h"
#include "http/client.h"

namespace plimsoll::control {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'700'000'000)};

Result<EventsQuery> parse(std::vector<std::pair<std::string, std::string>> parameters,
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
  http::Request request;
  request.query = std::move(parameters);
  request.headers = std::move(headers);
  return parse_events_query(request, kNow);
}

TEST(EventsQuery, SinceIsAnIdAnAgeOrATime) {
  EXPECT_EQ(parse({{"since", "12"}})->after, 12U);
  EXPECT_EQ(parse({{"since", "#12"}})->after, 12U);
  EXPECT_EQ(parse({{"since", "-5m"}})->since, kNow - seconds(300));
  EXPECT_EQ(parse({{"since", "2023-11-14T22:13:20Z"}})->since, kNow);
  EXPECT_EQ(parse({}, {{"last-event-id", "7"}})->after, 7U);
}

TEST(EventsQuery, AsksForAStreamByParameterOrByAccept) {
  EXPECT_EQ(parse({})->stream, std::nullopt);
  EXPECT_EQ(parse({{"stream", "true"}})->stream, EventFormat::kNdjson);
  EXPECT_EQ(parse({{"stream", "true"}, {"format", "sse"}})->stream, EventFormat::kSse);
  EXPECT_EQ(parse({}, {{"accept", "text/event-stream"}})->stream, EventFormat::kSse);
  EXPECT_EQ(parse({{"stream", "false"}}, {{"accept", "text/event-stream"}})->stream, std::nullopt);
}

TEST(EventsQuery, NamesWhatItDoesNotUnderstand) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"since", "yesterday"},
                                                        {"kind", "oom,oops"},
                                                        {"limit", "-1"},
                                                        {"stream", "yes"},
                                                        {"format", "xml"}}) {
    const auto query = parse({{name, value}});
    ASSERT_FALSE(query) << name;
    EXPECT_EQ(query.error().kind, ErrorKind::kInvalidInput);
    EXPECT_TRUE(query.error().subject.starts_with(name + "=")) << query.error().subject;
  }
}

TEST(EventsQuery, SelectsByKindReferenceAndPlace) {
  BreachEvent event;
  event.id = 5;
  event.kind = BreachKind::kOomKill;
  event.at = kNow;
  event.cgroup = "/docker/abcdef/inner";
  auto identity = std::make_shared<inventory::Identity>();
  identity->id = "abcdef";
  identity->name = "web";
  identity->display = "web";
  event.identity = identity;
  EXPECT_TRUE(parse({{"kind", "oom,oom_kill"}})->accepts(event));
  EXPECT_FALSE(parse({{"kind", "oom"}})->accepts(event));
  for (const char* ref : {"web", "/web", "abcdef", "abcd", "cgroup:/docker/abcdef", "cgroup:/"})
    EXPECT_TRUE(parse({{"ref", ref}})->accepts(event)) << ref;
  for (const char* ref : {"we", "abc", "cgroup:/docker/abc", "cgroup:/other"})
    EXPECT_FALSE(parse({{"ref", ref}})->accepts(event)) << ref;
  EXPECT_FALSE(parse({{"since", "5"}})->accepts(event));
  EXPECT_TRUE(parse({{"since", "4"}})->accepts(event));
}

TEST(Metrics, HaveEveryKindFromTheStart) {
  MonitorStats stats;
  stats.by_kind[BreachKind::kOomKill] = 3;
  const std::string text = metrics_text(stats);
  EXPECT_NE(text.find("plimsoll_breaches_total{kind=\"oom_kill\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("plimsoll_breaches_total{kind=\"io_stall\"} 0\n"), std::string::npos);
}

// A whole server: what is kept, a stream that begins there and goes on, one event.
class EndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    server_ = http::Server::create();
    server_->route("/plimsoll/v1/events", {"GET"}, endpoint_.events());
    server_->route("/plimsoll/v1/events/*", {"GET"}, endpoint_.one());
    const auto address = server_->listen("127.0.0.1:0");
    ASSERT_TRUE(address) << address.error().message();
    address_ = *address;
    loop_ = std::jthread([this] { server_->run(); });
  }
  void TearDown() override {
    endpoint_.finish();
    server_->stop();
  }
  void publish(BreachKind kind) {
    BreachEvent event;
    event.kind = kind;
    event.cgroup = "/a";
    (void)ring_.publish(std::move(event));
  }
  RealClock clock_;
  BreachRing ring_{3};
  ReportStore reports_;
  EventsEndpoint endpoint_{ring_, reports_, clock_};
  std::unique_ptr<http::Server> server_;
  std::string address_;
  std::jthread loop_;
};

TEST_F(EndpointTest, GivesWhatIsKept) {
  for (int i = 0; i < 5; ++i) publish(BreachKind::kOom);
  const auto answer = http::get(address_, "/plimsoll/v1/events?since=1");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("\"last\":5,\"lost\":1}"), std::string::npos) << answer->body;
  EXPECT_EQ(http::get(address_, "/plimsoll/v1/events?since=x")->status, 400);
  EXPECT_EQ(http::get(address_, "/plimsoll/v1/events/5")->status, 200);
  EXPECT_EQ(http::get(address_, "/plimsoll/v1/events/1")->status, 404);
  EXPECT_EQ(http::get(address_, "/plimsoll/v1/events/x")->status, 404);
  const auto text = http::get(address_, "/plimsoll/v1/events/5?format=text");
  EXPECT_NE(text->body.find(" oom /a"), std::string::npos) << text->body;
}

TEST_F(EndpointTest, AStreamGoesOnWhereItLeftOff) {
  for (int i = 0; i < 5; ++i) publish(BreachKind::kOom);
  std::string received;
  const auto result =
      http::stream(address_, "/plimsoll/v1/events?stream=true&since=1", [&](std::string_view data) {
        const bool first = received.empty();
        received += data;
        if (first) publish(BreachKind::kPidsLimit);
        return received.find("pids_limit") == std::string::npos;
      });
  EXPECT_TRUE(result) << result.error().message();
  EXPECT_TRUE(received.starts_with("{\"lost\":1}\n{\"id\":3,")) << received;
  EXPECT_NE(received.find("{\"id\":6,\"kind\":\"pids_limit\""), std::string::npos) << received;
}

}  // namespace
}  // namespace plimsoll::control
