#include "exporter/metrics/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/metrics/catalogue.h"

namespace plimsoll::exporter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Parameters = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> names(const FamilySet& set) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < set.size(); ++i)
    if (set[i]) names.emplace_back(catalogue()[i].name);
  return names;
}

FamilyOffer defaults() {
  return {.groups = cgroupfs::GroupSet::defaults()};
}

TEST(RequestedFamilies, WithoutParametersAreAllThatAreOn) {
  const auto all = names(requested_families(Parameters{{"max_age", "1s"}}, defaults()).value());
  EXPECT_THAT(all, ::testing::Contains("container_memory_rss"));
  EXPECT_THAT(all, ::testing::Contains("plimsoll_build_info"));
  EXPECT_THAT(all, Not(::testing::Contains("container_hugetlb_usage_bytes")));
  EXPECT_FALSE(chooses_families(Parameters{{"max_age", "1s"}}));
  EXPECT_TRUE(chooses_families(Parameters{{"collect[]", "cpu"}}));
}

TEST(RequestedFamilies, OfGroups) {
  const auto cpu = names(
      requested_families(Parameters{{"collect[]", "cpu"}, {"collect[]", "pressure"}}, defaults())
          .value());
  EXPECT_THAT(cpu, ::testing::Contains("container_cpu_user_seconds_total"));
  EXPECT_THAT(cpu, ::testing::Contains("container_pressure_io_stalled_seconds_total"));
  EXPECT_THAT(cpu, Not(::testing::Contains("container_memory_rss")));
  EXPECT_THAT(cpu, Not(::testing::Contains("plimsoll_build_info")));
  const auto rest =
      names(requested_families(Parameters{{"exclude[]", "exporter"}}, defaults()).value());
  EXPECT_THAT(rest, ::testing::Contains("container_memory_rss"));
  EXPECT_THAT(rest, Not(::testing::Contains("plimsoll_build_info")));
}

TEST(RequestedFamilies, ByNameWithinGroups) {
  const auto chosen =
      names(requested_families(Parameters{{"name[]", "container_memory_*"},
                                          {"name", "container_cpu_user_seconds_total"},
                                          {"collect[]", "cpu"}},
                               defaults())
                .value());
  EXPECT_THAT(chosen, ::testing::ElementsAre("container_cpu_user_seconds_total"));
}

TEST(RequestedFamilies, ThatAreUnknownOrOffAreRefusedWithTheKnownOnes) {
  for (const auto& [parameter, value] :
       Parameters{{"collect[]", "cpus"}, {"exclude[]", ""}, {"collect[]", "hugetlb"}}) {
    const auto refused = requested_families(Parameters{{parameter, value}}, defaults());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(refused.error().subject, HasSubstr(parameter + "=" + value + ":"));
    EXPECT_THAT(refused.error().subject, HasSubstr(" memory "));
    EXPECT_THAT(refused.error().subject, HasSubstr(" exporter"));
  }
  const auto name = requested_families(Parameters{{"name[]", "container_nothing"}}, defaults());
  ASSERT_FALSE(name);
  EXPECT_THAT(name.error().subject, HasSubstr("container_memory_rss"));
  EXPECT_FALSE(requested_families(Parameters{{"collect[]", "histogram"}}, defaults()));
  FamilyOffer more = defaults();
  more.histograms = true;
  EXPECT_EQ(names(requested_families(Parameters{{"collect[]", "histogram"}}, more).value()).size(),
            2U);
  FamilyOffer quiet = defaults();
  quiet.exporter_metrics = false;
  EXPECT_FALSE(requested_families(Parameters{{"collect[]", "exporter"}}, quiet));
}

TEST(AllowedFamilies, AreThoseOfTheListsAndDenyWins) {
  const std::vector<std::string> allow{"container_memory_*", "container_cpu_user_seconds_total"};
  const std::vector<std::string> deny{"*_rss"};
  const FamilySet set = allowed_families(allow, deny).value();
  EXPECT_THAT(names(set), ::testing::Contains("container_cpu_user_seconds_total"));
  EXPECT_THAT(names(set), ::testing::Contains("container_memory_cache"));
  EXPECT_THAT(names(set), Not(::testing::Contains("container_memory_rss")));
  EXPECT_THAT(names(set), Not(::testing::Contains("plimsoll_build_info")));
  // What the flags forbid no request can have.
  FamilyOffer offer = defaults();
  offer.allowed = &set;
  EXPECT_FALSE(requested_families(Parameters{{"name[]", "container_memory_rss"}}, offer));
  EXPECT_TRUE(requested_families(Parameters{{"name[]", "container_memory_cache"}}, offer));
}

TEST(AllowedFamilies, PatternsThatMatchNothingAreMistakes) {
  const std::vector<std::string> typo{"container_memroy_*"};
  const auto refused = allowed_families({}, typo);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().subject, HasSubstr("container_memroy_*"));
}

}  // namespace
}  // namespace plimsoll::exporter
