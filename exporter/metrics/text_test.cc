#include "exporter/metrics/text.h"

#include <gtest/gtest.h>

#include <set>

#include "base/temp_tree.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Group;
using cgroupfs::GroupSet;

class Text : public ::testing::Test {
 protected:
  std::string print(const Snapshot& snapshot, const TextOptions& options) const {
    const auto proc = open_dir(tree_.path().c_str());
    std::string out;
    write_text(out, snapshot, self_, *proc, options);
    return out;
  }
  Exposition parse(const Snapshot& snapshot, const TextOptions& options = {}) const {
    Exposition parsed = parse_exposition(print(snapshot, options));
    EXPECT_EQ(parsed.errors, std::vector<std::string>());
    return parsed;
  }

  TempTree tree_{
      {"self/stat", "1 (plimsoll) S 1 1 1 0 -1 0 0 0 0 0 100 25 0 0 20 0 2 0 5000 1048576 256 1\n"},
      {"self/limits", "Max open files 1024 4096 files\n"},
      {"self/fd/0", ""},
      {"self/fd/1", ""}};
  SelfStats self_ = sample_self();
};

TEST_F(Text, ASeriesLooksLikeThis) {
  const std::string text = print(*busy_host(1, 2), {.exporter_metrics = false});
  EXPECT_NE(text.find("# HELP container_memory_rss Anonymous memory, transparent huge pages "
                      "included.\n# TYPE container_memory_rss gauge\ncontainer_memory_rss{"
                      "container_label_com_docker_compose_project=\"shop\","
                      "container_label_com_docker_compose_service=\"web\",id=\"/docker/"),
            std::string::npos)
      << text;
}

TEST_F(Text, OfBothVersionsIsWellFormedAndEveryFamilyIsInTheCatalogue) {
  std::set<std::string> known;
  for (const FamilyInfo& info : catalogue()) known.emplace(info.name);
  for (const int version : {1, 2}) {
    const Exposition text =
        parse(*busy_host(3, version), {.groups = GroupSet::all(), .now = MonoTime{}});
    for (const auto& [name, family] : text.families) EXPECT_TRUE(known.contains(name)) << name;
    EXPECT_GT(text.families.size(), 120U);
  }
}

TEST_F(Text, EveryCollectedFamilyIsPrintedForSomeSnapshot) {
  std::vector<SampleRow> rows{host_row(), container_row("one", 1), container_row("two", 2)};
  cgroupfs::DeviceIo& io = rows[2].sample.devices[0];
  io.reads_merged = io.writes_merged = io.queued = io.read_time_ns = io.write_time_ns = 1;
  io.service_time_ns = io.cost_usage_ns = io.cost_wait_ns = io.cost_indebt_ns = 1;
  io.cost_indelay_ns = 1;
  const auto snapshot = make_snapshot(std::move(rows));
  auto machine = std::make_shared<MachineInfo>(*snapshot->machine);
  machine->books = machine->drawers = 1;
  snapshot->machine = machine;
  Tombstone ended;
  ended.identity = std::make_shared<const inventory::Identity>(container_row("ended", 2).identity);
  ended.labels = std::make_shared<const std::string>("id=\"/ended\"");
  ended.ending =
      inventory::Ending{.oom_killed = false, .started = snapshot->wall, .finished = snapshot->wall};
  snapshot->tombstones.push_back(std::move(ended));
  const auto histograms = sample_histograms(*snapshot);
  const Exposition text =
      parse(*snapshot,
            {.groups = GroupSet::all(), .now = snapshot->taken, .histograms = histograms.get()});
  for (const FamilyInfo& info : catalogue()) {
    const bool collected = !info.note.starts_with("Absent:");
    EXPECT_EQ(text.families.contains(std::string(info.name)), collected) << info.name;
    if (!collected) continue;
    const auto& family = text.families.at(std::string(info.name));
    EXPECT_EQ(family.help, info.help);
  }
}

TEST_F(Text, ExtraLabelsAreThoseOfTheCatalogue) {
  const auto snapshot =
      make_snapshot({host_row(), container_row("one", 1), container_row("two", 2)});
  const Exposition text = parse(*snapshot, {.groups = GroupSet::all()});
  for (const FamilyInfo& info : catalogue()) {
    const auto family = text.families.find(std::string(info.name));
    if (family == text.families.end()) continue;
    std::set<std::string> allowed{"id", "image", "name", "container", "namespace", "pod", "le"};
    for (std::string_view rest = info.labels; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      allowed.emplace(rest.substr(0, comma));
      rest.remove_prefix(std::min(rest.size(), comma + 1));
    }
    for (const ParsedSample& sample : family->second.samples)
      for (const auto& [label, value] : sample.labels)
        EXPECT_TRUE(allowed.contains(label) || label.starts_with("container_label_"))
            << info.name << " " << label;
  }
}

TEST_F(Text, GroupsThatAreOffAreNotPrinted) {
  const auto snapshot = busy_host(1, 1);
  const Exposition by_default = parse(*snapshot);
  EXPECT_EQ(by_default.series("container_hugetlb_usage_bytes"), 0U);
  EXPECT_EQ(by_default.series("container_threads"), 0U);
  EXPECT_EQ(by_default.series("container_memory_rss"), 1U);
  const Exposition without =
      parse(*snapshot, {.groups = GroupSet::all().set(Group::kMemory, false)});
  EXPECT_EQ(without.series("container_memory_rss"), 0U);
  EXPECT_EQ(without.series("container_hugetlb_usage_bytes"), 2U);
  EXPECT_EQ(without.series("container_spec_memory_limit_bytes"), 2U);
}

TEST_F(Text, ExporterMetricsCanBeLeftOut) {
  const auto snapshot = busy_host(1, 2);
  for (const auto& [name, family] : parse(*snapshot, {.exporter_metrics = false}).families)
    EXPECT_TRUE(name.starts_with("container_") || name.starts_with("machine_") ||
                name.starts_with("cadvisor_") || name.starts_with("plimsoll_container_") ||
                name.starts_with("plimsoll_workload_") || name.starts_with("plimsoll_host_"))
        << name;
}

TEST_F(Text, ARowWithoutLabelsCostsNobodyElseAnything) {
  const auto snapshot = busy_host(2, 2);
  snapshot->rows[1].labels.reset();
  EXPECT_EQ(parse(*snapshot).series("container_memory_rss"), 1U);
}

TEST_F(Text, AnEmptySnapshotIsStillAPage) {
  const Snapshot nothing;
  const Exposition text = parse(nothing);
  EXPECT_EQ(text.value("machine_scrape_error"), "1");
  EXPECT_EQ(text.series("container_last_seen"), 0U);
  EXPECT_EQ(text.value("plimsoll_build_info"), "1");
}

TEST_F(Text, SelfMetricsCarryTheNumbers) {
  const auto snapshot = busy_host(0, 2);
  const Exposition text =
      parse(*snapshot, {.now = snapshot->taken + std::chrono::milliseconds(250)});
  EXPECT_EQ(text.value("plimsoll_snapshot_age_seconds"), "0.25");
  EXPECT_EQ(text.value("plimsoll_sampler_ticks_total"), "100");
  EXPECT_EQ(text.value("plimsoll_sampler_lag_seconds"), "0.00025");
  EXPECT_EQ(text.value("plimsoll_reader_malformed_total", {{"file", "memory.stat"}}), "2");
  EXPECT_EQ(text.value("plimsoll_http_requests_total", {{"handler", "/metrics"}, {"code", "503"}}),
            "1");
  EXPECT_EQ(text.value("plimsoll_collector_success", {{"collector", "machine"}}), "0");
  EXPECT_EQ(text.value("machine_scrape_error"), "1");
  EXPECT_EQ(text.value("container_scrape_error"), "0");
}

TEST_F(Text, HistogramsAreCumulative) {
  const Exposition text = parse(*busy_host(0, 2));
  std::map<std::string, std::string> buckets;
  for (const ParsedSample& s : text.families.at("plimsoll_collector_duration_seconds").samples)
    if (s.labels.at("collector") == "reader")
      buckets[s.labels.contains("le") ? s.labels.at("le") : s.name.substr(s.name.rfind('_'))] =
          s.value;
  EXPECT_EQ(buckets.size(), DurationHistogram::kBounds.size() + 3);
  EXPECT_EQ(buckets["0.0001"], "0");
  EXPECT_EQ(buckets["0.00025"], "0");
  EXPECT_EQ(buckets["0.0005"], "1");
  EXPECT_EQ(buckets["1"], "1");
  EXPECT_EQ(buckets["+Inf"], "2");
  EXPECT_EQ(buckets["_sum"], "2.0004");
  EXPECT_EQ(buckets["_count"], "2");
}

TEST_F(Text, ProcessMetricsComeFromTheGivenProc) {
  const Exposition text = parse(*busy_host(0, 2));
  EXPECT_EQ(text.value("process_cpu_seconds_total"), "1.25");
  EXPECT_EQ(text.value("process_resident_memory_bytes"),
            std::to_string(256 * ::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(text.value("process_virtual_memory_bytes"), "1048576");
  EXPECT_EQ(text.value("process_start_time_seconds"), "1699900050");
  EXPECT_EQ(text.value("process_threads"), "2");
  EXPECT_EQ(text.value("process_max_fds"), "1024");
  EXPECT_EQ(text.value("process_open_fds"), "2");
}

}  // namespace
}  // namespace plimsoll::exporter
