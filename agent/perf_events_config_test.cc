#include "agent/perf_events_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

using exporter::PerfCode;
using ::testing::HasSubstr;

TEST(PerfEventsConfig, TakesGroupsCustomEventsAndUncore) {
  const auto config = parse_perf_events_config(R"({
    "core": {"events": ["instructions", ["cycles", "mine"]],
             "custom_events": [{"type": 4, "config": ["0x5300c0", "7"], "name": "mine"},
                               {"type": 4, "config": [12], "name": "alone"}]},
    "uncore": {"events": ["uncore_imc/cas_count_read"]}})");
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_EQ(config->core.size(), 3U);
  EXPECT_EQ(config->core[0].at(0).name, "instructions");
  EXPECT_FALSE(config->core[0][0].custom);
  ASSERT_EQ(config->core[1].size(), 2U);
  EXPECT_EQ(config->core[1][1].custom, (PerfCode{4, {0x5300c0, 7, 0}}));
  EXPECT_EQ(config->core[2].at(0).name, "alone");
  EXPECT_EQ(config->uncore.at(0).at(0).name, "uncore_imc/cas_count_read");
}

TEST(PerfEventsConfig, AnEmptyDocumentCountsNothing) {
  EXPECT_TRUE(parse_perf_events_config("{}")->empty());
  EXPECT_TRUE(parse_perf_events_config(R"({"core":null,"uncore":{}})")->empty());
}

struct Bad {
  const char* name;
  const char* text;
  const char* where;
};
class PerfEventsConfigBad : public ::testing::TestWithParam<Bad> {};

TEST_P(PerfEventsConfigBad, SaysWhere) {
  const auto config = parse_perf_events_config(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(config.error().subject, HasSubstr(GetParam().where));
}

INSTANTIATE_TEST_SUITE_P(
    , PerfEventsConfigBad,
    ::testing::Values(
        Bad{"NoJson", "{", "no JSON"}, Bad{"List", "[]", "no JSON object"},
        Bad{"Section", R"({"core":[]})", "/core"},
        Bad{"Events", R"({"core":{"events":{}}})", "/core/events"},
        Bad{"Number", R"({"core":{"events":[1]}})", "/core/events/0"},
        Bad{"EmptyGroup", R"({"core":{"events":[[]]}})", "/core/events/0"},
        Bad{"Twice", R"({"core":{"events":["a",["a"]]}})", "'a' stands twice"},
        Bad{"NoName", R"({"core":{"custom_events":[{"type":4,"config":["1"]}]}})", "/0/name"},
        Bad{"NoType", R"({"uncore":{"custom_events":[{"name":"a","config":["1"]}]}})",
            "/uncore/custom_events/0/type"},
        Bad{"Config", R"({"core":{"custom_events":[{"type":4,"name":"a","config":["x"]}]}})",
            "/config/0"},
        Bad{"TooMany", R"({"core":{"custom_events":[{"type":4,"name":"a","config":[1,2,3,4]}]}})",
            "/config"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace plimsoll::agent
