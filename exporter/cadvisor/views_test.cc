// Shapes against golden files, which hold every member that cAdvisor prints, and the values that
// differ from it on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>

#include "exporter/cadvisor/container_json.h"
#include "exporter/cadvisor/event_json.h"
#include "exporter/cadvisor/machine_json.h"
#include "exporter/cadvisor/reference.h"
#include "exporter/cadvisor/storage.h"
#include "exporter/cadvisor/tcp_members.h"
#include "exporter/cadvisor/test_shape.h"
#include "exporter/collect/socket_text.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using nlohmann::json;
using std::chrono::seconds;

ApiView view_of(ApiCompat compat) {
  ApiView view;
  view.compat = compat;
  view.groups = cgroupfs::GroupSet::all();
  return view;
}

const Snapshot& host(int version) {
  static const std::shared_ptr<Snapshot> kHosts[] = {busy_host(2, 1), busy_host(2, 2)};
  return *kHosts[version - 1];
}

std::size_t row_of(const Snapshot& snapshot, std::string_view name) {
  return find_by_alias(snapshot, name, "docker").value();
}

template <class Write>
std::string written(Write write) {
  std::string text;
  GoJson out(text);
  write(out);
  return text;
}

std::string container_of(const Snapshot& snapshot, std::string_view name, ApiCompat compat) {
  const ApiSource source{snapshot, nullptr, view_of(compat)};
  return written(
      [&](GoJson& out) { write_container_info(out, source, row_of(snapshot, name), {}); });
}

std::string root_info(const Snapshot& snapshot, ApiCompat compat) {
  const ApiSource source{snapshot, nullptr, view_of(compat)};
  return written([&](GoJson& out) { write_container_info(out, source, 0, {}); });
}

// Points of the present and, made up, of the past.
std::string stats(const Snapshot& snapshot, ApiCompat compat,
                  void (*write)(GoJson&, const ApiSource&, std::size_t,
                                const std::vector<StatPoint>&)) {
  const ApiSource source{snapshot, nullptr, view_of(compat)};
  const std::size_t row = row_of(snapshot, "web-0");
  HistoryPoint past;
  past.wall = snapshot.wall - seconds(1);
  past.values.resize(history_fields().size());
  past.values[0] = 1'000;  // cpu.usage
  const std::vector<StatPoint> points = {StatPoint(past, snapshot, row), StatPoint(snapshot, row)};
  return written([&](GoJson& out) { write(out, source, row, points); });
}

struct Shape {
  const char* golden;
  std::function<std::string()> text;
};
class ApiShape : public ::testing::TestWithParam<Shape> {};

TEST_P(ApiShape, HasEveryMember) {
  const std::string shape = shape_of(GetParam().text());
  // To accept a change: PLIMSOLL_WRITE_GOLDEN=1, then read the difference.
  if (std::getenv("PLIMSOLL_WRITE_GOLDEN") != nullptr)
    std::ofstream(std::string(PLIMSOLL_SOURCE_DIR) + "/exporter/cadvisor/golden/" +
                  GetParam().golden)
        << shape;
  EXPECT_EQ(shape, golden(GetParam().golden));
}

INSTANTIATE_TEST_SUITE_P(
    , ApiShape,
    ::testing::Values(
        Shape{"container_v1_on_v1",
              [] { return container_of(host(1), "web-0", ApiCompat::kFixed); }},
        Shape{"container_v1_on_v2",
              [] { return container_of(host(2), "web-0", ApiCompat::kFixed); }},
        Shape{"container_v1_strict",
              [] { return container_of(host(2), "web-0", ApiCompat::kStrict); }},
        Shape{"root_v1", [] { return root_info(host(2), ApiCompat::kFixed); }},
        Shape{"stats_v2_0", [] { return stats(host(2), ApiCompat::kFixed, write_stats_v2_0); }},
        Shape{"stats_v2_1", [] { return stats(host(2), ApiCompat::kFixed, write_stats_v2_1); }},
        Shape{"stats_v2_1_strict",
              [] { return stats(host(1), ApiCompat::kStrict, write_stats_v2_1); }},
        Shape{"machinestats",
              [] {
                const ApiSource source{host(2), nullptr, view_of(ApiCompat::kFixed)};
                return written([&](GoJson& out) {
                  write_machine_stats(out, source, points_of(host(2), 0, nullptr, {}), 0);
                });
              }}),
    [](const auto& shape) { return std::string(shape.param.golden); });

TEST(ContainerInfo, ValuesAreInCadvisorsUnits) {
  const json container = json::parse(container_of(host(1), "web-0", ApiCompat::kFixed));
  const Snapshot& snapshot = host(1);
  const std::size_t row = row_of(snapshot, "web-0");
  EXPECT_EQ(container["namespace"], "docker");
  EXPECT_EQ(container["aliases"][0], "web-0");
  EXPECT_EQ(container["aliases"][1], container["id"]);
  EXPECT_EQ(container["name"], "/docker/" + std::string(container["id"]));
  EXPECT_EQ(container["spec"]["creation_time"], "2023-11-14T19:26:40Z");
  EXPECT_EQ(container["spec"]["cpu"]["quota"], 50'000) << "microseconds";
  EXPECT_EQ(container["spec"]["cpu"]["period"], 100'000);
  const json& stat = container["stats"][0];
  EXPECT_EQ(stat["timestamp"], "2023-11-14T22:13:20.25Z");
  EXPECT_EQ(stat["cpu"]["usage"]["total"], *snapshot.value(Field::kCpuUsage, row)) << "ns";
  EXPECT_EQ(stat["cpu"]["usage"]["per_cpu_usage"], json({1'000'000'001, 0, 2'500'000'000}));
  EXPECT_EQ(stat["cpu"]["psi"]["some"]["total"], *snapshot.value(Field::kPsiCpuSome, row) / 1000)
      << "us";
  EXPECT_EQ(stat["diskio"]["io_service_bytes"][0]["stats"]["Total"], 122'880);
  EXPECT_EQ(stat["diskio"]["io_service_bytes"][0]["device"], "/dev/vda");
  EXPECT_EQ(stat["network"]["name"], "eth0");
  EXPECT_EQ(stat["network"]["interfaces"][0]["rx_dropped"], 2);
  EXPECT_EQ(stat["memory"]["container_data"]["numa_stats"]["file"]["0"], 2) << "pages";
  EXPECT_EQ(stat["filesystem"][0]["inodes"], 655'360);
  EXPECT_EQ(stat["hugetlb"]["2MB"]["failcnt"], 3);
}

TEST(ContainerInfo, PressureHasItsAveragesInPercentUnlessPast) {
  const json points = json::parse(stats(host(2), ApiCompat::kFixed, write_stats_v2_1))["stats"];
  ASSERT_EQ(points.size(), 2U);
  for (const json& part : {points[1]["cpu"], points[1]["memory"], points[1]["diskio"]}) {
    EXPECT_EQ(part["psi"]["some"]["avg10"], 1.23);
    EXPECT_EQ(part["psi"]["some"]["avg300"], 100);
    EXPECT_EQ(part["psi"]["full"]["avg10"], 0);
    EXPECT_EQ(part["psi"]["full"]["avg60"], 25);
  }
  const json& past = points[0]["cpu"]["psi"]["some"];
  EXPECT_TRUE(past.contains("total"));
  EXPECT_FALSE(past.contains("avg10")) << "not kept, and 0 would be a lie";
}

// A member that Go always prints must not be an invented zero.
TEST(ContainerInfo, APastPointHasEveryNumberOfTheNewest) {
  const Snapshot& snapshot = host(2);
  const std::size_t row = row_of(snapshot, "web-0");
  HistoryPoint past;
  past.wall = snapshot.wall - seconds(1);
  for (const Field field : history_fields()) past.values.push_back(snapshot.value(field, row));
  const ApiSource source{snapshot, nullptr, view_of(ApiCompat::kFixed)};
  const std::vector<StatPoint> points = {StatPoint(past, snapshot, row), StatPoint(snapshot, row)};
  json stats =
      json::parse(written([&](GoJson& out) { write_stats_v2_0(out, source, row, points); }));
  for (const char* part : {"cpu", "memory"}) {
    json newest = stats[1][part];
    for (const char* kind : {"some", "full"})
      for (const char* average : {"avg10", "avg60", "avg300"}) newest["psi"][kind].erase(average);
    if (newest["usage"].is_object()) newest["usage"].erase("per_cpu_usage");
    for (const char* data : {"container_data", "hierarchical_data"})
      if (newest.contains(data)) newest[data]["numa_stats"] = json::object();
    EXPECT_EQ(stats[0][part], newest);
  }
}

TEST(ContainerInfo, StrictKeepsWhatIsWrongThere) {
  const json fixed = json::parse(container_of(host(2), "web-0", ApiCompat::kFixed));
  const json strict = json::parse(container_of(host(2), "web-0", ApiCompat::kStrict));
  EXPECT_NE(fixed["stats"][0]["memory"]["failcnt"], 0);
  EXPECT_EQ(strict["stats"][0]["memory"]["failcnt"], 0);
  EXPECT_EQ(strict["stats"][0]["memory"]["kernel"], 0);
  EXPECT_EQ(strict["stats"][0]["filesystem"][0]["inodes"], 17) << "those it uses";
  EXPECT_EQ(strict["stats"][0]["filesystem"][0]["inodes_free"], 0);
  const json host_fixed = json::parse(root_info(host(2), ApiCompat::kFixed))["stats"][0];
  const json host_strict = json::parse(root_info(host(2), ApiCompat::kStrict))["stats"][0];
  EXPECT_EQ(host_fixed["network"]["tcp"], json::object());
  EXPECT_EQ(host_strict["network"]["tcp"]["Established"], 0);
  EXPECT_EQ(host_strict["network"]["tcp_advanced"]["MaxConn"], 0);
  EXPECT_TRUE(fixed["spec"]["has_hugetlb"]);
  EXPECT_FALSE(strict["spec"]["has_hugetlb"]);
}

TEST(ContainerInfo, HasWhatTheOptionalGroupsFound) {
  const Snapshot& snapshot = host(1);
  const std::size_t row = row_of(snapshot, "web-0");
  const json stat = json::parse(container_of(snapshot, "web-0", ApiCompat::kFixed))["stats"][0];
  EXPECT_EQ(stat["cpu"]["schedstat"]["run_time"], *snapshot.value(Field::kSchedRun, row));
  EXPECT_EQ(stat["cpu"]["load_average"], *snapshot.value(Field::kLoadAverage, row));
  EXPECT_EQ(stat["task_stats"]["nr_running"], *snapshot.value(Field::kTasksRunning, row));
  EXPECT_EQ(stat["processes"]["fd_count"], *snapshot.value(Field::kFileDescriptors, row));
  EXPECT_EQ(stat["processes"]["ulimits"][0]["name"], "max_open_files");
  EXPECT_EQ(stat["processes"]["ulimits"][0]["soft_limit"],
            *snapshot.value(Field::kOpenFilesLimit, row));
  EXPECT_EQ(stat["network"]["tcp"]["TimeWait"], 2);
  EXPECT_EQ(stat["network"]["udp"],
            json::parse(R"({"Listen":3,"Dropped":4,"RxQueued":5,"TxQueued":6})"));
  EXPECT_EQ(stat["network"]["tcp_advanced"], json::parse(R"({"MaxConn":-1,"ActiveOpens":17})"))
      << "what this kernel counts";
  EXPECT_EQ(stat["perf_stats"][0]["name"], "instructions");
  EXPECT_FALSE(stat.contains("perf_uncore_stats")) << "the host's";
  EXPECT_EQ(stat["referenced_memory"], *snapshot.value(Field::kReferencedBytes, row));
  const json root = json::parse(root_info(snapshot, ApiCompat::kFixed))["stats"][0];
  EXPECT_EQ(root["perf_uncore_stats"][0]["pmu"], "uncore_imc_0");
  EXPECT_EQ(root["resctrl"]["memory_bandwidth"][0]["mbm_local_bytes"], 6'000);
  EXPECT_EQ(root["resctrl"]["cache"][0]["llc_occupancy"], 5'000);
}

TEST(ContainerInfo, StrictHasEveryTcpCounter) {
  const json stat =
      json::parse(container_of(host(1), "web-0", ApiCompat::kStrict))["stats"][0]["network"];
  EXPECT_EQ(stat["tcp_advanced"]["ActiveOpens"], 17);
  EXPECT_EQ(stat["tcp_advanced"]["PAWSEstab"], 0);
  // One list has the names of metrics, the other those of the API.
  const auto& names = tcp_counter_names();
  ASSERT_EQ(std::size(kTcpAdvancedMembers), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string lower(kTcpAdvancedMembers[i]);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(lower, names[i]);
  }
}

TEST(ContainerSpec, NoLimitIsTheKernelsNumber) {
  for (const int version : {1, 2}) {
    SampleRow row = container_row("web", version);
    row.sample.set(Field::kMemoryLimit, Limit<std::uint64_t>::none());
    row.sample.set(Field::kPidsLimit, Limit<std::uint64_t>::none());
    const auto snapshot = make_snapshot({host_row(), row});
    const json spec = json::parse(container_of(*snapshot, "web", ApiCompat::kFixed))["spec"];
    EXPECT_EQ(spec["memory"]["limit"].get<std::uint64_t>(),
              version == 2 ? 18'446'744'073'709'551'615U : 9'223'372'036'854'771'712U);
    EXPECT_EQ(spec["processes"]["limit"].get<std::uint64_t>(), 18'446'744'073'709'551'615U);
  }
}

TEST(ContainerSpec, WeightBecomesTheSharesThatWereWritten) {
  SampleRow row = container_row("web", 2);
  row.sample.set(Field::kCpuWeight, 100);
  const auto snapshot = make_snapshot({row});
  EXPECT_EQ(json::parse(container_of(*snapshot, "web", ApiCompat::kFixed))["spec"]["cpu"]["limit"],
            1024);
  EXPECT_EQ(json::parse(container_of(*snapshot, "web", ApiCompat::kStrict))["spec"]["cpu"]["limit"],
            2597);
}

TEST(ContainerSpec, ARestartIsALabel) {
  SampleRow row = container_row("web", 2);
  row.identity.restart_count = 3;
  const auto snapshot = make_snapshot({row});
  EXPECT_EQ(json::parse(container_of(*snapshot, "web",
                                     ApiCompat::kFixed))["spec"]["labels"]["restartcount"],
            "3");
}

TEST(ContainerSpec, TheHostsLimitIsItsMemory) {
  const json spec = json::parse(root_info(host(2), ApiCompat::kFixed))["spec"];
  EXPECT_EQ(spec["memory"]["limit"], 16'777'216'000);
  EXPECT_EQ(spec["start_time"], "0001-01-01T00:00:00Z");
}

TEST(ContainerInfo, SubcontainersAreDirectChildren) {
  SampleRow parent;
  parent.identity.cgroup = "/a";
  SampleRow child = parent;
  child.identity.cgroup = "/a/b";
  SampleRow grandchild = parent;
  grandchild.identity.cgroup = "/a/b/c";
  SampleRow namesake = parent;
  namesake.identity.cgroup = "/ab";
  const auto snapshot = make_snapshot({parent, child, grandchild, namesake});
  const ApiSource source{*snapshot, nullptr, {}};
  const json a = json::parse(
      written([&](GoJson& out) { write_container_info(out, source, 0, {.newest = 0}); }));
  EXPECT_EQ(a["subcontainers"], json::parse(R"([{"name":"/a/b"}])"));
  EXPECT_FALSE(a.contains("stats")) << "none asked for: left out, as Go does";
  EXPECT_EQ(subtree_of(*snapshot, "/a").size(), 3U);
}

TEST(FsInfo, HasLabelsOfItsOwnDiskOnly) {
  const FilesystemUsage& disk = host(2).filesystems.of(0).front();
  const json info = json::parse(written([&](GoJson& out) {
    write_fs_info(out, disk, host(2).wall, {{"root", "/dev/vda1"}, {"crio-images", "/dev/vdb"}});
  }));
  EXPECT_EQ(info, json::parse(R"({"timestamp":"2023-11-14T22:13:20.25Z","device":"/dev/vda1",
    "mountpoint":"/","capacity":10737418240,"available":6442450944,"usage":4294967296,
    "labels":["root"],"inodes":655360,"inodes_free":600000})"));
}

TEST(CpuInst, IsTheRateBetweenTwoPoints) {
  const json stats_of = json::parse(stats(host(2), ApiCompat::kFixed, write_stats_v2_1))["stats"];
  ASSERT_EQ(stats_of.size(), 2U);
  EXPECT_FALSE(stats_of[0].contains("cpu_inst")) << "the first has none";
  const std::uint64_t now = *host(2).value(Field::kCpuUsage, row_of(host(2), "web-0"));
  EXPECT_EQ(stats_of[1]["cpu_inst"]["usage"]["total"], now - 1'000) << "nanocores";
}

TEST(References, AliasThenUniquePrefix) {
  const Snapshot& snapshot = host(2);
  EXPECT_TRUE(find_by_alias(snapshot, "web-1", "docker"));
  EXPECT_FALSE(find_by_alias(snapshot, "web-1", "podman"));
  const auto ambiguous = find_by_alias(snapshot, "web-", "docker");
  ASSERT_FALSE(ambiguous);
  EXPECT_EQ(ambiguous.error().kind, ErrorKind::kInvalidInput);
  const auto unknown = find_by_alias(snapshot, "db", "docker");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().subject, "unable to find container \"db\" in \"docker\" namespace");
  EXPECT_EQ(find_by_path(snapshot, "/nowhere").error().subject, "unknown container \"/nowhere\"");
}

TEST(References, RequestsByTypeAndDepth) {
  const Snapshot& snapshot = host(2);
  const auto count = [&](std::string_view path, ApiOptions options) -> std::size_t {
    const auto rows = requested(snapshot, path, options);
    return rows ? rows->size() : 0;
  };
  EXPECT_EQ(count("/", {}), 1U);
  EXPECT_EQ(count("/", {.recursive = true}), 3U);
  EXPECT_EQ(count("/web-0", {.type = ApiIdType::kDocker}), 1U);
  EXPECT_EQ(count("/", {.type = ApiIdType::kDocker, .recursive = true}), 2U);
  EXPECT_EQ(
      requested(snapshot, "/web-0", {.type = ApiIdType::kDocker, .recursive = true}).error().kind,
      ErrorKind::kInvalidInput);
  EXPECT_EQ(requested(snapshot, "/nowhere", {.recursive = true}).error().kind,
            ErrorKind::kNotOffered);
}

TEST(GoTime, TrimsZerosAndHasAZeroOfItsOwn) {
  EXPECT_EQ(go_time(std::nullopt), "0001-01-01T00:00:00Z");
  EXPECT_EQ(go_time(WallTime(seconds(1'700'000'000))), "2023-11-14T22:13:20Z");
  EXPECT_EQ(go_time(WallTime(std::chrono::milliseconds(1'700'000'000'120))),
            "2023-11-14T22:13:20.12Z");
}

TEST(ApiEvents, LookLikeCadvisors) {
  Event event;
  event.type = EventType::kDeletion;
  event.cgroup = "/docker/abc";
  event.at = WallTime(seconds(1'700'000'000));
  std::string text;
  append_api_event(text, event);
  EXPECT_EQ(json::parse(text), json::parse(R"({"container_name":"/docker/abc",
    "timestamp":"2023-11-14T22:13:20Z","event_type":"containerDeletion",
    "event_data":{"container_deletion":{"exit_code":-1}}})"));
  event.type = EventType::kOomKill;
  event.oom = OomEvent{.pid = 42, .process = "hog", .constraint = "CONSTRAINT_MEMCG"};
  text.clear();
  append_api_event(text, event);
  EXPECT_EQ(
      json::parse(text)["event_data"],
      json::parse(R"({"oom":{"pid":42,"process_name":"hog","constraint":"CONSTRAINT_MEMCG"}})"));
  event.type = EventType::kCreation;
  text.clear();
  append_api_event(text, event);
  EXPECT_EQ(json::parse(text)["event_type"], "containerCreation");
  EXPECT_EQ(json::parse(text)["event_data"], json::object());
}

}  // namespace
}  // namespace plimsoll::exporter
