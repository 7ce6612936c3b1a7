// The two sources must give equal rows: one snapshot, read directly and through its JSON.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "agent/stats/json_rows.h"
#include "agent/stats/line_buffer.h"
#include "agent/stats/snapshot_rows.h"
#include "exporter/stream/json.h"

namespace plimsoll::agent {
namespace {

using cgroupfs::Field;

exporter::Snapshot snapshot() {
  exporter::Snapshot result;
  result.sequence = 7;
  result.wall = WallTime(std::chrono::nanoseconds(1'763'681'581'123'456'789));
  exporter::MachineInfo machine;
  machine.memory_bytes = 8'232'402'944;
  result.machine = std::make_shared<const exporter::MachineInfo>(machine);

  inventory::Identity web;
  web.runtime = inventory::Runtime::kDocker;
  web.id = std::string(64, 'a');
  web.cgroup = "/docker/" + web.id;
  web.name = web.display = "web";
  web.image = "nginx:1.25";
  web.labels = {{"a", "1"}, {"com.docker.compose.project", "shop"}};
  web.compose_project = "shop";
  web.compose_service = "web";
  web.started = WallTime(std::chrono::seconds(1'763'681'000));
  inventory::Identity unit;
  unit.runtime = inventory::Runtime::kSystemd;
  unit.id = unit.name = unit.display = "a.service";
  unit.cgroup = "/system.slice/a.service";
  inventory::Identity pod;
  pod.runtime = inventory::Runtime::kContainerd;
  pod.id = std::string(64, 'c');
  pod.cgroup = "/kubepods/p/" + pod.id;
  pod.display = "shop/web-0/nginx";
  pod.pod_name = "web-0";
  pod.pod_namespace = "shop";
  pod.pod_container = "nginx";
  pod.pod_uid = "1234";
  pod.sandbox = true;
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const inventory::Identity& identity : {web, unit, pod}) {
    exporter::Row row;
    row.identity = std::make_shared<const inventory::Identity>(identity);
    row.created = WallTime(std::chrono::seconds(1'763'680'999));
    result.rows.push_back(row);
    result.rates.push_back({kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan});
  }
  result.rows[1].created = WallTime{};
  result.rates[0].cpu_cores = 0.25F;
  result.rates[0].throttled_ratio = 0.5F;
  result.rates[0].psi_cpu_some = 0.125F;
  result.rates[2].psi_io_full = 0;

  result.reserve(3);
  cgroupfs::CgroupSample sample;
  sample.set(Field::kCpuUsage, 12'345'678'901);
  sample.set(Field::kCpuSystem, 4'200'000'000);
  sample.set(Field::kMemoryUsage, 41'943'040);
  sample.set(Field::kMemoryWorkingSet, 31'457'280);
  sample.set(Field::kMemoryLimit, Limit<std::uint64_t>(64 << 20));
  sample.set(Field::kCpuQuota, Limit<std::uint64_t>(50'000'000));
  sample.set(Field::kCpuPeriod, 100'000'000);
  sample.set(Field::kPids, 5);
  sample.set(Field::kPidsLimit, Limit<std::uint64_t>::none());
  sample.set(Field::kMemoryEventsOomKill, 3);
  sample.set(Field::kIoReadBytes, 4096);
  sample.set(Field::kIoWriteBytes, std::uint64_t{1} << 63);
  sample.set(Field::kNetRxBytes, 1000);
  result.set_fields(0, sample);
  cgroupfs::CgroupSample unlimited;
  unlimited.set(Field::kMemoryUsage, 4096);  // No working set: the usage is shown.
  unlimited.set(Field::kMemoryLimit, Limit<std::uint64_t>::none());
  unlimited.set(Field::kCpuQuota, Limit<std::uint64_t>::none());
  result.set_fields(1, unlimited);
  return result;
}

std::string json_of(const exporter::Snapshot& source) {
  std::vector<std::size_t> rows(source.rows.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::string json;
  exporter::append_snapshot(json, source, rows);
  return json;
}

TEST(Rows, AreEqualFromSnapshotAndJson) {
  const exporter::Snapshot source = snapshot();
  const auto frame = parse_frame(json_of(source));
  ASSERT_TRUE(frame) << frame.error().message();
  ASSERT_TRUE(*frame);
  const StatsFrame direct = frame_of(source);
  EXPECT_EQ((*frame)->time, direct.time);
  ASSERT_EQ((*frame)->rows.size(), direct.rows.size());
  for (std::size_t i = 0; i < direct.rows.size(); ++i)
    EXPECT_TRUE((*frame)->rows[i] == direct.rows[i]) << direct.rows[i].name;
}

TEST(SnapshotRows, CarryTheNumbers) {
  const StatsFrame frame = frame_of(snapshot());
  const StatsRow& web = frame.rows[0];
  EXPECT_EQ(web.container, "aaaaaaaaaaaa");
  EXPECT_EQ(web.cpu_cores, 0.25);
  EXPECT_EQ(web.cpu_ns, 12'345'678'901U);
  EXPECT_EQ(web.memory, 31'457'280U);
  EXPECT_EQ(web.cpu_limit, Limit<double>(0.5));
  EXPECT_EQ(web.pids_limit, Limit<std::uint64_t>::none());
  EXPECT_EQ(web.block_write, std::uint64_t{1} << 63);
  EXPECT_EQ(web.net_tx, std::nullopt);
  EXPECT_EQ(web.psi_memory, std::nullopt);
  EXPECT_EQ(web.oom_kills, 3U);
  EXPECT_TRUE(web.is_container);
  const StatsRow& unit = frame.rows[1];
  EXPECT_FALSE(unit.is_container);
  EXPECT_EQ(unit.memory, 4096U);
  EXPECT_EQ(unit.cpu_limit, Limit<double>::none());
  EXPECT_EQ(unit.cpu_cores, std::nullopt);
  EXPECT_EQ(unit.created, std::nullopt);
  EXPECT_EQ(effective_memory_limit(unit), 8'232'402'944U);
  EXPECT_TRUE(frame.rows[2].sandbox);
  EXPECT_EQ(frame.rows[2].psi_io, 0.0);
}

TEST(JsonRows, SkipOtherObjectsOfAStream) {
  const auto note = parse_frame(R"({"skipped":3})");
  ASSERT_TRUE(note);
  EXPECT_FALSE(*note);
}

TEST(JsonRows, TakeWhatTheyUnderstand) {
  const auto frame = parse_frame(
      R"({"timestamp":"2026-11-20T23:33:55Z","future":1,"containers":[7,{"id":"x","display":3,)"
      R"("labels":{"a":1,"b":"2"},"memory":{"usage":"big","limit":-1},"pids":{"current":5},)"
      R"("cpu":"none","container":true}]})");
  ASSERT_TRUE(frame);
  ASSERT_TRUE(*frame);
  ASSERT_EQ((*frame)->rows.size(), 1U);
  const StatsRow& row = (*frame)->rows[0];
  EXPECT_EQ(row.name, "");
  EXPECT_EQ(row.labels.size(), 1U);
  EXPECT_EQ(row.memory, std::nullopt);
  EXPECT_EQ(row.memory_limit, std::nullopt);
  EXPECT_EQ(row.cpu_ns, std::nullopt);
  EXPECT_EQ(row.pids, 5U);
}

class NotOurJson : public ::testing::TestWithParam<const char*> {};

TEST_P(NotOurJson, IsNamed) {
  const auto frame = parse_frame(GetParam());
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(frame.error().subject, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    , NotOurJson,
    ::testing::Values("", "<html>", "[]", "{", R"({"containers":[]})",
                      R"({"timestamp":"never","containers":[]})",
                      R"({"timestamp":"2026-11-20T23:33:55Z","containers":1})"));

TEST(LineBuffer, GivesWholeLinesHoweverTheyArrive) {
  const std::string text = "one\n\ntwo two\nthree\nrest";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineBuffer buffer;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += piece)
      buffer.append(std::string_view(text).substr(at, piece),
                    [&](std::string_view line) { lines.emplace_back(line); });
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two two", "three"})) << piece;
    EXPECT_EQ(buffer.pending(), 4U);
  }
}

}  // namespace
}  // namespace plimsoll::agent
