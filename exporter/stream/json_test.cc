#include "exporter/stream/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/text.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using nlohmann::json;

// Refuses an object with the same key twice, which nlohmann would let pass.
json parse(const std::string& text) {
  std::vector<std::set<std::string>> keys;
  return json::parse(text, [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      EXPECT_TRUE(keys.back().insert(parsed.get<std::string>()).second) << parsed;
    }
    return true;
  });
}

std::string container_text(const Snapshot& snapshot, std::size_t row = 0) {
  std::string out;
  append_container(out, snapshot, row);
  return out;
}

json container(SampleRow row) {
  return parse(container_text(*make_snapshot({std::move(row)})));
}

SampleRow bare_row() {
  SampleRow row;
  row.identity.cgroup = "/a";
  row.identity.display = "/a";
  return row;
}

// The members a field's path leads to; "cgroup" objects are called "cgroup_state".
const json* at_path(const json& object, std::string_view path) {
  const json* at = &object;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    std::string key(path.substr(0, dot));
    if (at == &object && dot < path.size() && key == "cgroup") key = "cgroup_state";
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
    path.remove_prefix(std::min(path.size(), dot + 1));
  }
  return at;
}

TEST(Json, EveryFieldStandsAtItsPath) {
  for (const int version : {1, 2}) {
    const auto snapshot = make_snapshot({container_row("web", version)});
    const json it = parse(container_text(*snapshot));
    for (std::size_t f = 0; f < cgroupfs::kFieldCount; ++f) {
      const auto field = static_cast<Field>(f);
      const json* member = at_path(it, cgroupfs::info(field).path);
      const auto value = snapshot->value(field, 0);
      ASSERT_EQ(member != nullptr, value.has_value()) << cgroupfs::info(field).path;
      if (!value) continue;
      switch (cgroupfs::info(field).unit) {
        case cgroupfs::Unit::kNanoseconds:
          EXPECT_NEAR(member->get<double>() * 1e9, static_cast<double>(*value), 100);
          break;
        case cgroupfs::Unit::kBool:
          EXPECT_EQ(member->get<bool>(), *value != 0);
          break;
        case cgroupfs::Unit::kBytes:
        case cgroupfs::Unit::kCount:
          EXPECT_EQ(member->get<std::uint64_t>(), *value);
      }
    }
  }
}

TEST(Json, UnlimitedIsNullAndAbsentIsLeftOut) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryLimit, Limit<std::uint64_t>::none());
  row.sample.set(Field::kPidsLimit, Limit<std::uint64_t>(7));
  const json it = container(std::move(row));
  EXPECT_TRUE(it["memory"]["limit"].is_null());
  EXPECT_FALSE(it["memory"].contains("high"));
  EXPECT_EQ(it["pids"]["limit"], 7);
  EXPECT_FALSE(it.contains("cpu"));
}

TEST(Json, SecondsAreExact) {
  SampleRow row = bare_row();
  row.sample.set(Field::kCpuUsage, 12'345'678'901);
  row.sample.set(Field::kCpuBurst, 1);
  row.sample.set(Field::kCpuBurstLimit, 2'000'000'000);
  const std::string text = container_text(*make_snapshot({std::move(row)}));
  EXPECT_NE(text.find(R"("cpu":{"usage":12.345678901,"burst":0.000000001,"burst_limit":2})"),
            std::string::npos)
      << text;
}

TEST(Json, IdentityIsComplete) {
  SampleRow row = container_row("web", 2);
  inventory::Identity& identity = row.identity;
  identity.image_id = "sha256:1";
  identity.environment = {{"A", "b"}};
  identity.pod_name = "shop-0";
  identity.pod_namespace = "prod";
  identity.pod_uid = "u";
  identity.pod_container = "web";
  identity.restart_count = 3;
  identity.has_health_check = true;
  identity.health = inventory::Health::kUnhealthy;
  identity.network = inventory::NetworkMode::kContainer;
  identity.network_owner = "other";
  identity.metadata = inventory::Metadata::kPending;
  const std::string id = identity.id;
  const json it = container(std::move(row));
  EXPECT_EQ(it["cgroup"], "/docker/" + id);
  EXPECT_EQ(it["id"], id);
  EXPECT_EQ(it["name"], "web");
  EXPECT_EQ(it["display"], "web");
  EXPECT_EQ(it["runtime"], "docker");
  EXPECT_EQ(it["container"], true);
  EXPECT_EQ(it["metadata"], "pending");
  EXPECT_EQ(it["image"], "registry.example/team/service:1.25");
  EXPECT_EQ(it["image_id"], "sha256:1");
  EXPECT_EQ(it["labels"]["com.docker.compose.service"], "web");
  EXPECT_EQ(it["environment"], json({{"A", "b"}}));
  EXPECT_EQ(it["pod"], json({{"name", "shop-0"},
                             {"namespace", "prod"},
                             {"uid", "u"},
                             {"container", "web"},
                             {"sandbox", false}}));
  EXPECT_EQ(it["compose"], json({{"project", "shop"}, {"service", "web"}}));
  EXPECT_EQ(it["network_mode"], "container");
  EXPECT_EQ(it["network_owner"], "other");
  EXPECT_EQ(it["health"], "unhealthy");
  EXPECT_EQ(it["restart_count"], 3);
  EXPECT_EQ(it["pid"], 4711);
  EXPECT_EQ(it["created"], "2023-11-14T19:26:40.000000000Z");
  EXPECT_EQ(it["started"], "2023-11-14T19:26:41.000000000Z");
}

TEST(Json, OfABareCgroupHasTheMembersThatAreAlwaysThere) {
  const json it = container(bare_row());
  for (const char* key : {"cgroup", "id", "name", "display", "runtime", "container", "metadata",
                          "image", "labels", "network_mode", "health", "restart_count", "rates"})
    EXPECT_TRUE(it.contains(key)) << key;
  for (const char* key : {"pod", "compose", "pid", "started", "environment", "devices",
                          "interfaces", "filesystems", "hugetlb", "numa", "per_cpu"})
    EXPECT_FALSE(it.contains(key)) << key;
  EXPECT_EQ(it["health"], "none");
  EXPECT_EQ(it["container"], false);
}

TEST(Json, SampledAtIsTheTrueTime) {
  const auto snapshot = make_snapshot({bare_row()});
  snapshot->rows[0].hot_at = snapshot->taken - std::chrono::milliseconds(250);
  const json it = parse(container_text(*snapshot));
  EXPECT_EQ(it["sampled_at"], "2023-11-14T22:13:20.000000000Z");
  EXPECT_FALSE(it.contains("usage_at"));
  EXPECT_FALSE(it.contains("sampled_at_warm"));
}

TEST(Json, UsageAtIsWhenAnIdleGroupWasLookedAt) {
  const auto snapshot = make_snapshot({bare_row()});
  snapshot->rows[0].hot_at = snapshot->taken - std::chrono::seconds(20);
  snapshot->rows[0].usage_at = snapshot->taken + std::chrono::milliseconds(3);
  const json it = parse(container_text(*snapshot));
  EXPECT_EQ(it["sampled_at"], "2023-11-14T22:13:00.250000000Z");
  EXPECT_EQ(it["usage_at"], "2023-11-14T22:13:20.253000000Z");
}

TEST(Json, RatesThatAreNotKnownAreLeftOut) {
  const auto snapshot = make_snapshot({bare_row()});
  snapshot->rates[0] = {.cpu_cores = 0.25F,
                        .io_read_bytes = std::numeric_limits<float>::quiet_NaN(),
                        .net_rx_bytes = 1830.5F};
  const json rates = parse(container_text(*snapshot))["rates"];
  EXPECT_EQ(rates["cpu_cores"], 0.25);
  EXPECT_EQ(rates["net_rx_bytes"], 1830.5);
  EXPECT_FALSE(rates.contains("io_read_bytes"));
}

TEST(Json, RepeatedValuesAreArrays) {
  const json it = container(container_row("web", 1));
  EXPECT_EQ(it["per_cpu"], json({1.000000001, 0, 2.5}));
  ASSERT_EQ(it["devices"].size(), 1U);
  EXPECT_EQ(it["devices"][0]["device"], "/dev/vda");
  EXPECT_EQ(it["devices"][0]["major"], 254);
  EXPECT_EQ(it["devices"][0]["sync_bytes"], 100'000);
  EXPECT_FALSE(it["devices"][0].contains("cost_usage"));
  EXPECT_EQ(it["interfaces"], json::parse(R"([{"name":"eth0","rx_bytes":1000,"rx_packets":10,
      "rx_errors":1,"rx_dropped":2,"tx_bytes":500,"tx_packets":5,"tx_errors":3,"tx_dropped":4}])"));
  EXPECT_EQ(it["filesystems"][0]["usage"], 1'048'576);
  EXPECT_EQ(it["filesystems"][0]["inodes_used"], 17);
  EXPECT_TRUE(it["hugetlb"][0]["limit"].is_null());
  EXPECT_EQ(it["numa"][0]["file_subtree"], 8192);
}

TEST(Json, UnknownDevicesHaveTheirNumber) {
  const auto snapshot = make_snapshot({container_row("web", 2)});
  snapshot->block_devices.reset();
  EXPECT_EQ(parse(container_text(*snapshot))["devices"][0]["device"], "254:0");
}

TEST(Json, SnapshotListsTheRowsAskedFor) {
  const auto snapshot = busy_host(3, 2);
  std::string out;
  append_snapshot(out, *snapshot, std::array<std::size_t, 2>{0, 2});
  const json it = parse(out);
  EXPECT_EQ(it["sequence"], 42);
  EXPECT_EQ(it["timestamp"], "2023-11-14T22:13:20.250000000Z");
  EXPECT_EQ(it["machine"]["memory"], 16'777'216'000);
  EXPECT_EQ(it["machine"]["boot_time"], "2023-11-13T18:26:40.000000000Z");
  ASSERT_EQ(it["containers"].size(), 2U);
  EXPECT_EQ(it["containers"][0]["cgroup"], "/");
  EXPECT_EQ(it["containers"][1]["cgroup"], snapshot->rows[2].identity->cgroup);

  out.clear();
  append_snapshot(out, Snapshot(), {});
  EXPECT_EQ(parse(out)["containers"], json::array());
}

TEST(Json, HistoryPointsHaveTheSameShape) {
  const auto snapshot = make_snapshot({container_row("web", 2)});
  HistoryPoint point{.sequence = 41, .wall = snapshot->wall, .values = {}};
  for (std::size_t i = 0; i < history_fields().size(); ++i)
    point.values.emplace_back(i == 1 ? std::nullopt : std::optional<std::uint64_t>(1'500'000'000));
  std::string out;
  append_history_point(out, snapshot->rows[0], point);
  const json it = parse(out);
  EXPECT_EQ(it["sequence"], 41);
  EXPECT_EQ(it["timestamp"], "2023-11-14T22:13:20.250000000Z");
  EXPECT_EQ(it["cgroup"], snapshot->rows[0].identity->cgroup);
  for (std::size_t i = 0; i < history_fields().size(); ++i)
    EXPECT_EQ(at_path(it, cgroupfs::info(history_fields()[i]).path) != nullptr, i != 1);
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesWhatMustBe) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\r"), R"("a\"b\\c\n\t\r")");
  EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(json_string("café"), "\"café\"");
  EXPECT_EQ(json_string("a\xff"
                        "b\xE2\x82"),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

RC_GTEST_PROP(JsonString, ReadsBack, (std::string text)) {
  std::string expected;
  append_valid_utf8(expected, text);
  RC_ASSERT(json::parse(json_string(text)).get<std::string>() == expected);
}

}  // namespace
}  // namespace plimsoll::exporter
