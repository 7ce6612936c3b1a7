#include "exporter/stream/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Runtime;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr WallTime kNow{seconds(1'700'000'000)};

Event kill_of_web() {
  Identity identity;
  identity.runtime = Runtime::kDocker;
  identity.cgroup = "/docker/abc";
  identity.id = "abc";
  identity.name = "web";
  identity.display = "web";
  identity.image = "nginx:1";
  Event event;
  event.sequence = 9;
  event.type = EventType::kOomKill;
  event.at = kNow;
  event.cgroup = "/docker/abc/inner";
  event.identity = std::make_shared<const Identity>(std::move(identity));
  event.oom = OomEvent{.cgroup = "/docker/abc/inner",
                       .limited = "/docker/abc",
                       .pid = 42,
                       .process = "ho\"g",
                       .constraint = "CONSTRAINT_MEMCG"};
  return event;
}

Result<EventsRequest> ask(std::vector<std::pair<std::string, std::string>> query,
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
  http::Request request;
  request.query = std::move(query);
  request.headers = std::move(headers);
  return parse_events_request(request, kNow);
}

TEST(AppendEvent, SaysWhoAndWhat) {
  std::string text;
  append_event(text, kill_of_web());
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json, nlohmann::json::parse(R"({"sequence":9,"type":"oom_kill",
    "timestamp":"2023-11-14T22:13:20.000000000Z","cgroup":"/docker/abc/inner","id":"abc",
    "name":"web","display":"web","runtime":"docker","container":true,"image":"nginx:1","pid":42,
    "process":"ho\"g","constraint":"CONSTRAINT_MEMCG","limited":"/docker/abc"})"));
}

TEST(AppendEvent, LeavesOutWhatNobodyKnows) {
  Event event;
  event.sequence = 1;
  event.type = EventType::kDeletion;
  event.cgroup = "/x";
  std::string text;
  append_event(text, event);
  EXPECT_FALSE(nlohmann::json::parse(text).contains("name"));
  EXPECT_FALSE(nlohmann::json::parse(text).contains("exit_code"));
  event.exit_code = -9;
  text.clear();
  append_event(text, event);
  EXPECT_EQ(nlohmann::json::parse(text)["exit_code"], -9);
}

TEST(EventsRequest, DefaultsToTheNewestOfEveryTypeAsAnArray) {
  const auto asked = ask({});
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->query.types, EventQuery::all_types());
  EXPECT_EQ(asked->query.newest, kDefaultEventLimit);
  EXPECT_EQ(asked->stream, std::nullopt);
  EXPECT_FALSE(asked->replays);
  EXPECT_TRUE(asked->selects(kill_of_web()));
}

TEST(EventsRequest, TakesTypesFormatsAndBeginnings) {
  const auto asked = ask(
      {{"type", "oom"}, {"type", "oom_kill"}, {"format", "sse"}, {"since", "#5"}, {"name", "w*"}});
  ASSERT_TRUE(asked) << asked.error().message();
  EXPECT_EQ(asked->query.types, (std::array{false, false, true, true}));
  EXPECT_EQ(asked->stream, StreamFormat::kSse);
  EXPECT_EQ(asked->query.after, 5U);
  EXPECT_EQ(asked->query.newest, std::nullopt) << "a replay is whole";
  EXPECT_TRUE(asked->replays);
  EXPECT_TRUE(asked->selects(kill_of_web()));
  EXPECT_FALSE(ask({{"name", "db"}})->selects(kill_of_web()));
  EXPECT_EQ(ask({}, {{"accept", "text/event-stream"}, {"last-event-id", "7"}})->query.after, 7U);
  EXPECT_EQ(ask({}, {{"accept", "application/x-ndjson"}})->stream, StreamFormat::kNdjson);
  EXPECT_EQ(ask({{"format", "json"}}, {{"accept", "text/event-stream"}})->stream, std::nullopt);
}

TEST(EventsRequest, AGroupNobodySawIsFoundByItsPathOnly) {
  Event event;
  event.cgroup = "/lost";
  EXPECT_FALSE(ask({})->selects(event));
  EXPECT_TRUE(ask({{"all", "true"}})->selects(event));
  EXPECT_TRUE(ask({{"cgroup", "/lo*"}})->selects(event));
}

TEST(EventsRequest, RefusesWhatItDoesNotKnow) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"type", "birth"}, {"format", "xml"}, {"since", "soon"}, {"limit", "-1"}, {"all", "maybe"}};
  for (const auto& parameter : bad) {
    const auto asked = ask({parameter});
    ASSERT_FALSE(asked) << parameter.first;
    EXPECT_THAT(asked.error().subject, HasSubstr(parameter.first + "=" + parameter.second));
  }
}

}  // namespace
}  // namespace plimsoll::exporter
