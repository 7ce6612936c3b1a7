#include "exporter/metrics/strict.h"

#include <gtest/gtest.h>

#include <set>

#include "base/fd.h"
#include "base/temp_tree.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::GroupSet;

// The host, a container with labels, and a bare cgroup that offers next to nothing.
std::shared_ptr<Snapshot> mixed_host() {
  SampleRow bare;
  bare.identity.runtime = inventory::Runtime::kCgroup;
  bare.identity.cgroup = "/bare";
  bare.identity.id = "/bare";
  bare.identity.display = "/bare";
  SampleRow container = container_row("web", 1);
  container.identity.labels.emplace_back("odd", "a\"b\\,c=\"");
  return make_snapshot({host_row(), std::move(container), std::move(bare)});
}

class Strict : public ::testing::Test {
 protected:
  std::string print(const Snapshot& snapshot, Compat compat,
                    GroupSet groups = GroupSet::all()) const {
    std::string out;
    write_text(out, snapshot, {}, *open_dir(tree_.path().c_str()),
               {.groups = groups, .compat = compat});
    return out;
  }
  Exposition parse(const Snapshot& snapshot, Compat compat) const {
    return parse_exposition(print(snapshot, compat));
  }
  TempTree tree_;
};

TEST_F(Strict, EverySeriesOfAContainerFamilyCarriesEveryLabelName) {
  const auto snapshot = mixed_host();
  // Label names with values are found in the text, since the parsed form cannot tell "" from
  // absent.
  const std::string text = print(*snapshot, Compat::kStrict);
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("container_") || line.find("_scrape_error") != line.npos) continue;
    ++lines;
    for (const char* name : {"id=\"", "image=\"", "name=\"", "container_label_odd=\"",
                             "container_label_com_docker_compose_project=\""})
      EXPECT_NE(line.find(name), line.npos) << line;
  }
  EXPECT_GT(lines, 100U);
  EXPECT_NE(text.find("container_last_seen{id=\"/bare\",container_label_com_docker_compose_project="
                      "\"\",container_label_com_docker_compose_service=\"\",container_label_odd="
                      "\"\",image=\"\",name=\"\"} 1700000000 1700000000250\n"),
            std::string::npos);
}

TEST_F(Strict, ByDefaultOnlyOwnLabelsArePrinted) {
  const std::string text = print(*mixed_host(), Compat::kDefault);
  EXPECT_NE(text.find("container_last_seen{id=\"/bare\"} 1700000000\n"), std::string::npos);
}

TEST_F(Strict, SamplesOfStatisticsHaveTheTimeOfTheSample) {
  const std::string text = print(*mixed_host(), Compat::kStrict);
  std::size_t with = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('#')) continue;
    const bool bare = line.starts_with("container_spec_") ||
                      line.starts_with("container_creation_time") ||
                      line.starts_with("container_start_time") ||
                      line.find("_scrape_error") != line.npos || line.starts_with("cadvisor_") ||
                      line.starts_with("plimsoll_") || line.starts_with("process_");
    EXPECT_EQ(line.ends_with(" 1700000000250"), !bare) << line;
    with += line.ends_with(" 1700000000250") ? 1 : 0;
  }
  EXPECT_GT(with, 100U);
  EXPECT_EQ(print(*mixed_host(), Compat::kDefault).find(" 1700000000250"), std::string::npos);
}

TEST_F(Strict, WhatWasNotMeasuredIsZeroThereAndAbsentHere) {
  const auto snapshot = mixed_host();
  const Exposition strict = parse(*snapshot, Compat::kStrict);
  const Exposition ours = parse(*snapshot, Compat::kDefault);
  const std::map<std::string, std::string> bare{{"id", "/bare"}};
  for (const char* family :
       {"container_memory_kernel_usage", "container_memory_failcnt", "container_memory_usage_bytes",
        "container_memory_events_high_total", "container_memory_pgscan_total",
        "container_memory_migrate", "container_cpu_user_seconds_total",
        "container_pressure_io_stalled_seconds_total", "container_oom_events_total",
        "container_processes", "container_threads", "container_threads_max"}) {
    EXPECT_EQ(strict.value(family, bare), "0") << family;
    EXPECT_EQ(ours.value(family, bare), std::nullopt) << family;
  }
  const std::map<std::string, std::string> faults{
      {"id", "/bare"}, {"failure_type", "pgfault"}, {"scope", "hierarchy"}};
  EXPECT_EQ(strict.value("container_memory_failures_total", faults), "0");
  EXPECT_EQ(ours.value("container_memory_failures_total", faults), std::nullopt);
  EXPECT_EQ(strict.value("container_health_state", bare), "-1");
  EXPECT_EQ(ours.value("container_health_state", bare), std::nullopt);
  EXPECT_EQ(strict.value("machine_cpu_books"), "0");
  EXPECT_EQ(ours.value("machine_cpu_books"), std::nullopt);
}

TEST_F(Strict, NoZerosWhereCadvisorHasAConditionOfItsOwn) {
  const Exposition strict = parse(*mixed_host(), Compat::kStrict);
  const std::map<std::string, std::string> bare{{"id", "/bare"}};
  for (const char* family :
       {"container_cpu_cfs_periods_total", "container_spec_cpu_quota", "container_spec_cpu_shares",
        "container_spec_memory_limit_bytes", "container_cpu_usage_seconds_total",
        "container_network_receive_bytes_total", "container_fs_reads_total"})
    EXPECT_EQ(strict.value(family, bare), std::nullopt) << family;
}

TEST_F(Strict, MeasuredValuesAreTheSame) {
  const auto snapshot = mixed_host();
  const Exposition strict = parse(*snapshot, Compat::kStrict);
  const Exposition ours = parse(*snapshot, Compat::kDefault);
  std::size_t compared = 0;
  for (const auto& [name, family] : ours.families)
    for (const ParsedSample& sample : family.samples) {
      if (!name.starts_with("container_") && !name.starts_with("machine_")) continue;
      EXPECT_EQ(strict.value(name, sample.labels), sample.value) << name;
      ++compared;
    }
  EXPECT_GT(compared, 100U);
}

TEST(LabelUnion, NamesAreFoundBesideValuesThatLookLikeThem) {
  Snapshot snapshot;
  snapshot.rows.resize(3);
  snapshot.rows[0].labels = std::make_shared<std::string>(R"(a="x\",b=\"\\",id="/")");
  snapshot.rows[1].labels = std::make_shared<std::string>(R"(c="",id="/c")");
  const Snapshot united = with_label_union(snapshot);
  EXPECT_EQ(*united.rows[0].labels, R"(a="x\",b=\"\\",id="/",c="")");
  EXPECT_EQ(*united.rows[1].labels, R"(c="",id="/c",a="")");
  EXPECT_EQ(united.rows[2].labels, nullptr);
}

}  // namespace
}  // namespace plimsoll::exporter
