#include "exporter/cadvisor/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(ApiPath, VersionEndpointAndContainer) {
  const auto path = parse_api_path("/api/v1.3/containers/docker//abc/");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->version, ApiVersion::kV1_3);
  EXPECT_EQ(path->endpoint, ApiEndpoint::kContainers);
  EXPECT_EQ(path->container(), "/docker/abc");
  EXPECT_EQ(parse_api_path("/api/v2.0/stats")->container(), "/");
  EXPECT_EQ(parse_api_path("/api/v2.0/stats/")->container(), "/");
}

TEST(ApiPath, EachVersionHasTheEndpointsOfTheLowerOnes) {
  EXPECT_TRUE(parse_api_path("/api/v1.0/machine"));
  EXPECT_TRUE(parse_api_path("/api/v1.3/subcontainers"));
  EXPECT_FALSE(parse_api_path("/api/v1.0/subcontainers"));
  EXPECT_FALSE(parse_api_path("/api/v1.1/docker"));
  EXPECT_FALSE(parse_api_path("/api/v1.2/events"));
  EXPECT_TRUE(parse_api_path("/api/v2.1/ps"));
  EXPECT_FALSE(parse_api_path("/api/v2.0/machinestats"));
  EXPECT_FALSE(parse_api_path("/api/v2.0/containers")) << "a family of its own";
  EXPECT_FALSE(parse_api_path("/api/v1.3/stats"));
}

TEST(ApiPath, IncompleteOnesAreForListing) {
  EXPECT_FALSE(parse_api_path("/api/")->version);
  EXPECT_FALSE(parse_api_path("/api")->version);
  EXPECT_FALSE(parse_api_path("/api/v1.3")->endpoint);
  EXPECT_FALSE(parse_api_path("/api/v1.3/")->endpoint);
  EXPECT_EQ(list_versions(), "Supported API versions: v1.0,v1.1,v1.2,v1.3,v2.0,v2.1");
  EXPECT_EQ(list_endpoints(ApiVersion::kV1_3),
            "Supported request types: \"containers,docker,events,machine,subcontainers\"");
  EXPECT_EQ(list_endpoints(ApiVersion::kV2_1),
            "Supported request types: \"appmetrics,attributes,events,machine,machinestats,ps,spec,"
            "stats,storage,summary,version\"");
}

TEST(ApiPath, UnknownOnesAreNamed) {
  EXPECT_EQ(parse_api_path("/api/v9/stats").error().subject, "unsupported API version \"v9\"");
  EXPECT_EQ(parse_api_path("/api/v1.3/bogus").error().subject, "unknown request type \"bogus\"");
  EXPECT_EQ(parse_api_path("/api/v1.3/bogus").error().kind, ErrorKind::kNotOffered);
}

TEST(ApiInfoRequest, DefaultsForNothingAndForNull) {
  for (const char* body : {"", " \n", "null", "{}"}) {
    const auto request = parse_info_request(body);
    ASSERT_TRUE(request) << body;
    EXPECT_EQ(request->num_stats, 60U);
    EXPECT_FALSE(request->start || request->end);
  }
}

TEST(ApiInfoRequest, ReadsWhatGosClientSends) {
  const auto request = parse_info_request(
      R"({"num_stats":3,"start":"2023-11-14T22:13:20.5Z","end":"0001-01-01T00:00:00Z"})");
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(request->num_stats, 3U);
  EXPECT_EQ(request->start, WallTime(milliseconds(1'700'000'000'500)));
  EXPECT_EQ(request->end, std::nullopt) << "Go's zero time";
  EXPECT_EQ(parse_info_request(R"({"num_stats":-1})")->num_stats, std::nullopt) << "all";
}

TEST(ApiInfoRequest, SaysWhatIsWrong) {
  for (const char* body : {"{", "[]", "7", R"({"num_stats":"3"})", R"({"num_stats":-2})",
                           R"({"num_stats":1.5})", R"({"start":"yesterday"})", R"({"end":5})"}) {
    const auto request = parse_info_request(body);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(request.error().subject, HasSubstr("unable to decode the json value: "));
  }
}

TEST(ApiOptions, DefaultsAndValues) {
  const auto plain = parse_options({});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->type, ApiIdType::kName);
  EXPECT_EQ(plain->count, 64U);
  EXPECT_FALSE(plain->recursive);
  EXPECT_FALSE(plain->max_age);
  const Query query = {
      {"type", "podman"}, {"count", "-1"}, {"recursive", "true"}, {"max_age", "1m30s"}};
  const auto given = parse_options(query);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->type, ApiIdType::kPodman);
  EXPECT_EQ(given->count, std::nullopt);
  EXPECT_TRUE(given->recursive);
  EXPECT_EQ(given->max_age, seconds(90));
  EXPECT_FALSE(parse_options(Query{{"recursive", "1"}})->recursive) << "only the word true";
}

TEST(ApiOptions, ErrorsHaveCadvisorsWords) {
  EXPECT_EQ(parse_options(Query{{"type", "rocket"}}).error().subject, "unknown 'type' \"rocket\"");
  EXPECT_EQ(parse_options(Query{{"count", "x"}}).error().subject,
            "failed to parse 'count' option: x");
  EXPECT_EQ(parse_options(Query{{"count", "-2"}}).error().subject,
            "invalid 'count' option: only -1 and larger values allowed, not -2");
  EXPECT_THAT(parse_options(Query{{"max_age", "5"}}).error().subject,
              HasSubstr("failed to parse 'max_age' option"));
}

Result<ApiEventRequest> events(const Query& query, ApiCompat compat = ApiCompat::kFixed) {
  return parse_event_request("/docker", query, compat);
}

TEST(ApiEventRequest, NothingIsSelectedByDefault) {
  const auto request = events({});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->query.types, (std::array{false, false, false, false}));
  EXPECT_EQ(request->query.newest, 10U);
  EXPECT_FALSE(request->stream);
}

TEST(ApiEventRequest, ReadsEveryParameter) {
  const auto request = events({{"all_events", "T"},
                               {"oom_events", "false"},
                               {"subcontainers", "1"},
                               {"max_events", "-1"},
                               {"start_time", "2023-11-14T22:13:20Z"},
                               {"end_time", "2023-11-14T23:13:20+01:00"}});
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(request->query.types, EventQuery::all_types()) << "all_events wins";
  EXPECT_TRUE(request->subcontainers);
  EXPECT_EQ(request->query.newest, std::nullopt);
  EXPECT_EQ(request->query.start, WallTime(seconds(1'700'000'000)));
  EXPECT_EQ(request->query.end, WallTime(seconds(1'700'000'000)));
  EXPECT_TRUE(events({{"deletion_events", "true"}})->query.types[1]);
}

TEST(ApiEventRequest, UnreadableIsAnErrorOrNothing) {
  for (const auto& [name, value] : Query{{"stream", "yes"},
                                         {"max_events", "ten"},
                                         {"start_time", "1700000000"},
                                         {"oom_events", ""}}) {
    const auto refused = events({{name, value}});
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().subject, HasSubstr(name + "=" + value + ": give"));
    EXPECT_TRUE(events({{name, value}}, ApiCompat::kStrict)) << "cAdvisor ignores it";
  }
  EXPECT_FALSE(events({{"stream", "true"}, {"end_time", "2023-11-14T22:13:20Z"}}));
}

TEST(ApiEventRequest, ConcernsTheContainerOrWhatIsBelow) {
  Event event;
  event.sequence = 1;
  event.cgroup = "/docker/abc";
  EXPECT_FALSE(events({{"all_events", "true"}})->concerns(event));
  EXPECT_TRUE(events({{"all_events", "true"}, {"subcontainers", "true"}})->concerns(event));
  event.cgroup = "/dockerish";
  EXPECT_FALSE(events({{"all_events", "true"}, {"subcontainers", "true"}})->concerns(event));
  event.cgroup = "/docker";
  EXPECT_TRUE(events({{"all_events", "true"}})->concerns(event));
  EXPECT_TRUE(parse_event_request("/", Query{{"all_events", "true"}, {"subcontainers", "true"}},
                                  ApiCompat::kFixed)
                  ->concerns(event));
}

}  // namespace
}  // namespace plimsoll::exporter
