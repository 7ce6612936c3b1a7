#include "agent/engine/metrics.h"

#include <gmock/gmock.h>

#include "agent/engine/metrics_text.h"

namespace plimsoll::agent {
namespace {

TEST(MetricsText, IsPrometheusFormat) {
  MetricsText out("# begun\n");
  out.family("plimsoll_x_total", "counter", "What it counts.");
  out.sample("plimsoll_x_total", {{"kind", "a"}, {"rule", "with \"quotes\" and \\\n"}},
             std::uint64_t{3});
  out.one("plimsoll_y", "gauge", "One.", 4);
  out.sample("plimsoll_z_seconds", {}, 0.5);
  EXPECT_EQ(std::move(out).text(),
            "# begun\n"
            "# HELP plimsoll_x_total What it counts.\n"
            "# TYPE plimsoll_x_total counter\n"
            "plimsoll_x_total{kind=\"a\",rule=\"with \\\"quotes\\\" and \\\\\\n\"} 3\n"
            "# HELP plimsoll_y One.\n"
            "# TYPE plimsoll_y gauge\n"
            "plimsoll_y 4\n"
            "plimsoll_z_seconds 0.5\n");
}

TEST(EngineMetrics, CountOutcomesPoliciesAndDrift) {
  control::ServiceCounts service{.values = 7, .leases = 2};
  service.changes.done = 5;
  service.changes.writes[limit::WriteState::kDone] = 9;
  service.changes.refused = 1;
  control::PolicyCounts policies{.files = 3, .rules = 4, .matched = 6, .reload_failures = 1};
  policies.reload_ok_at = WallTime{std::chrono::milliseconds(1'500'500)};
  policies.drift.repaired = 8;
  policies.calm[drift::Calm::kFight] = 1;
  EngineProcess process{"1.2", WallTime{std::chrono::milliseconds(2'500)}, {}};
  process.stats.cpu_ns = 250'000'000;
  process.stats.open_fds = 12;
  const std::string text = engine_metrics("", process, service, policies);
  for (const char* line :
       {"plimsoll_limit_changes_total{outcome=\"done\"} 5\n",
        "plimsoll_limit_changes_total{outcome=\"refused\"} 1\n",
        "plimsoll_limit_writes_total{outcome=\"done\"} 9\n",
        "plimsoll_limit_writes_total{outcome=\"stuck\"} 0\n", "plimsoll_limit_leases 2\n",
        "plimsoll_limit_values 7\n", "plimsoll_policy_files 3\n", "plimsoll_policy_rules 4\n",
        "plimsoll_policy_groups_matched 6\n", "plimsoll_policy_reload_failures_total 1\n",
        "plimsoll_policy_last_reload_successful 0\n",
        "plimsoll_policy_last_reload_success_timestamp_seconds 1500.5\n",
        "plimsoll_build_info{version=\"1.2\"} 1\n", "process_start_time_seconds 2.5\n",
        "process_cpu_seconds_total 0.25\n", "process_open_fds 12\n",
        "plimsoll_drift_answers_total{answer=\"repaired\"} 8\n",
        "plimsoll_drift_values{state=\"fight\"} 1\n", "plimsoll_drift_values{state=\"held\"} 0\n"})
    EXPECT_THAT(text, testing::HasSubstr(line));
}

TEST(EngineMetrics, LeaveOutWhatCannotBeRead) {
  const std::string text = engine_metrics("", {}, {}, {});
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("process_threads")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("process_cpu")));
}

TEST(EngineMetrics, HaveNoTimeOfAReloadThatNeverWas) {
  EXPECT_THAT(engine_metrics("", {}, {}, {}), testing::Not(testing::HasSubstr("timestamp")));
}

}  // namespace
}  // namespace plimsoll::agent
