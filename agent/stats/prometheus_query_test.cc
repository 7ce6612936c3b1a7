#include "agent/stats/prometheus_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ClusterQuery, AsksForContainersUnlessToldOtherwise) {
  EXPECT_THAT(cluster_queries({}), Each(HasSubstr(R"(,id!="",name!=""})")));
  EXPECT_THAT(cluster_queries({.all_cgroups = true, .match = ""}), Each(Not(HasSubstr("name!="))));
}

TEST(ClusterQuery, MatchersGoIntoEverySelector) {
  for (const std::string& query : cluster_queries({.all_cgroups = false, .match = R"(job="a")"})) {
    std::size_t selectors = 0;
    for (const char c : query) selectors += c == '{' ? 1 : 0;
    std::size_t matched = 0;
    for (std::size_t at = 0; (at = query.find(R"(job="a"})", at)) != query.npos; ++at) ++matched;
    EXPECT_EQ(selectors, matched) << query;
  }
}

TEST(ClusterQuery, SaysWhatItLookedFor) {
  EXPECT_EQ(wanted_series({.all_cgroups = true, .match = R"(job="a")"}),
            R"({__name__=~"plimsoll_container_info|container_start_time_seconds",id!="",job="a"})");
}

TEST(PrometheusUrl, HasAHostAndPerhapsAPath) {
  struct Case {
    const char* url;
    const char* host;
    const char* path;
  };
  for (const Case& one :
       {Case{"http://host:9090", "http://host:9090", ""}, Case{"host:9090", "http://host:9090", ""},
        Case{"https://host/", "https://host:443", ""}, Case{"http://[::1]", "http://[::1]:80", ""},
        Case{"http://[::1]:9090", "http://[::1]:9090", ""},
        Case{"http://host/select/0/prometheus/", "http://host:80", "/select/0/prometheus"}}) {
    const auto url = parse_prometheus_url(one.url);
    ASSERT_TRUE(url) << one.url;
    EXPECT_EQ(url->host, one.host);
    EXPECT_EQ(url->path, one.path);
  }
}

TEST(PrometheusUrl, NothingElseIsTaken) {
  for (const char* url :
       {"", "http://", "ftp://host", "http://host/?x=1", "http://host/#x", "http://host x"})
    EXPECT_FALSE(parse_prometheus_url(url)) << url;
  const auto password = parse_prometheus_url("http://host:secret@h:9090");
  ASSERT_FALSE(password);
  EXPECT_THAT(password.error().subject, AllOf(HasSubstr("--token-file"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace plimsoll::agent
