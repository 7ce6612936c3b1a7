// Every endpoint through a real server, on a recorded cgroup v2 host with one container of Docker's
// put beside it.
#include "exporter/cadvisor/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temp_tree.h"
#include "base/text.h"
#include "exporter/cadvisor/test_shape.h"
#include "exporter/metrics/text.h"
#include "http/client.h"
#include "http/test_support.h"

namespace plimsoll::exporter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kFixture = std::string(PLIMSOLL_SOURCE_DIR) + "/tests/fixtures/v2-systemd-6.1";

class ApiOnRecordedHost : public ::testing::Test {
 protected:
  void serve(ApiCompat compat = ApiCompat::kFixed) {
    make_host();
    SamplerConfig config;
    config.cgroup_root = host_.path() + "/cgroup";
    config.proc_root = host_.path() + "/proc";
    config.sys_root = host_.path() + "/sys";
    config.host_root = host_.path();
    config.interval = std::chrono::milliseconds(20);
    config.inventory.docker_root = host_.path() + "/docker";
    config.inventory.docker_sockets = {};
    config.tree.rescan_interval = std::chrono::milliseconds(10);
    config.filesystem.host_root = host_.path();
    // Disks are looked at by a thread of their own: not in time for every test.
    config.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    config.render_labels = [](const inventory::Identity&, std::uint64_t&) { return ""; };
    server_ = http::Server::create();
    loop_ =
        SamplerLoop::create(config, clock_, [this](const SnapshotPtr& s) { api_->observe(*s); }, {})
            .value();
    loop_->watch([this](const SnapshotPtr& snapshot) {
      auto found = log_.observe(*snapshot);
      server_->post([this, found = std::move(found)] { hub_.publish(found, clock_.now()); });
    });
    ApiConfig api;
    api.view.compat = compat;
    api.view.groups = config.reader.groups;
    api.sys_root = config.sys_root;
    api.host_root = host_.path();
    api.places.docker_root = "/docker";
    api_ = std::make_unique<CadvisorApi>(*server_, *loop_, log_, hub_, clock_, api);
    address_ = server_->listen("127.0.0.1:0").value();
    loop_->start();
    thread_ = std::thread([this] { server_->run(); });
  }
  void TearDown() override {
    api_->stop();
    server_->post([this] {
      hub_.finish_all();
      server_->stop();
    });
    thread_.join();
    loop_.reset();
  }

  void make_host() const {
    std::filesystem::copy(kFixture + "/cgroup", host_.path() + "/cgroup",
                          std::filesystem::copy_options::recursive);
    host_.write("cgroup/docker/cgroup.procs", "");
    std::filesystem::copy(kFixture + "/cgroup/demo.slice/hog.service",
                          host_.path() + "/cgroup/docker/" + kId,
                          std::filesystem::copy_options::recursive);
    host_.write("proc/self/mountinfo", "30 21 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/1/mountinfo",
                "30 21 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n");
    host_.write("proc/sys/kernel/osrelease", "6.1.0-56-cloud-amd64\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\nSwapTotal: 100 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("proc/partitions", "major minor  #blocks  name\n\n 254 0 10485760 vda\n");
    host_.write("proc/cpuinfo", "vendor_id : AuthenticAMD\ncpu MHz : 2000.0\n");
    host_.write("proc/42/stat",
                "42 (hog) R 1 42 42 0 -1 0 0 0 0 0 6000 500 0 0 20 0 3 0 1000 1048576 256 1 1 1 0 "
                "0 0 0 0 0 0 0 0 0 17 5 0 0 0 0 0\n");
    host_.write("proc/42/cgroup", "0::/docker/" + kId + "\n");
    host_.write("etc/passwd", "root:x:0:0::/:/bin/sh\n");
    host_.write("sys/block/vda/dev", "254:0\n");
    host_.write("sys/block/vda/size", "20971520\n");
    host_.write("sys/devices/system/cpu/online", "0\n");
    host_.write("sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
    host_.write("sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
    host_.write("sys/devices/system/cpu/cpu0/cache/index0/level", "1\n");
    host_.write("sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n");
    host_.write("sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n");
    host_.write("sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list", "0\n");
    host_.write("sys/devices/system/node/node0/cpulist", "0\n");
    host_.write("sys/devices/system/node/node0/distance", "10\n");
    host_.write("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 8000000 kB\n");
    host_.write("docker/containers/" + kId + "/config.v2.json",
                R"({"ID":")" + kId + R"(","Name":"/web","Created":")" + rfc3339(clock_.wall()) +
                    R"(","Config":{"Image":"nginx:1",)"
                    R"("Labels":{"tier":"front"}},"State":{"Running":true,"Pid":0,)"
                    R"("StartedAt":"2023-11-14T22:13:21.5Z"}})");
  }

  http::ClientResponse get(const std::string& target) {
    return http::get(address_, target).value();
  }
  json get_json(const std::string& target) {
    const http::ClientResponse response = get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return json::parse(response.body, nullptr, false);
  }
  [[nodiscard]] std::string exchange(const std::string& request) const {
    http::testing::RawClient client(address_);
    client.send(request);
    return client.read_to_end();
  }
  // Waits for a second regular tick, so that there is history and a rate.
  void wait_for_ticks(std::uint64_t ticks) {
    ASSERT_TRUE(http::testing::eventually([&] {
      const SnapshotPtr current = loop_->current();
      return current && current->sequence >= ticks;
    }));
  }

  TempTree host_;
  RealClock clock_;
  EventLog log_;
  EventHub hub_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<SamplerLoop> loop_;
  std::unique_ptr<CadvisorApi> api_;
  std::string address_;
  std::thread thread_;
};

TEST_F(ApiOnRecordedHost, ShapesOfEveryEndpoint) {
  serve();
  wait_for_ticks(5);
  const std::pair<const char*, std::string> endpoints[] = {
      {"api_v1.0_machine", "/api/v1.0/machine"},
      {"api_v1.0_containers", "/api/v1.0/containers/docker/" + kId},
      {"api_v1.1_subcontainers", "/api/v1.1/subcontainers/docker"},
      {"api_v1.2_docker", "/api/v1.2/docker/web"},
      {"api_v1.3_events", "/api/v1.3/events/?all_events=true&subcontainers=true"},
      {"api_v2.0_attributes", "/api/v2.0/attributes"},
      {"api_v2.0_machine", "/api/v2.0/machine"},
      {"api_v2.0_summary", "/api/v2.0/summary/web?type=docker"},
      {"api_v2.0_stats", "/api/v2.0/stats/web?type=docker&count=2"},
      {"api_v2.0_spec", "/api/v2.0/spec/web?type=docker"},
      {"api_v2.0_ps", "/api/v2.0/ps/web?type=docker"},
      {"api_v2.0_appmetrics", "/api/v2.0/appmetrics/docker/" + kId},
      {"api_v2.1_stats", "/api/v2.1/stats/docker?recursive=true&count=2"},
      {"api_v2.1_machinestats", "/api/v2.1/machinestats?count=2"}};
  for (const auto& [name, target] : endpoints) {
    const http::ClientResponse response = get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    const std::string shape = shape_of(response.body);
    if (std::getenv("PLIMSOLL_WRITE_GOLDEN") != nullptr)
      std::ofstream(std::string(PLIMSOLL_SOURCE_DIR) + "/exporter/cadvisor/golden/" + name)
          << shape;
    EXPECT_EQ(shape, golden(name)) << target;
  }
  EXPECT_EQ(get("/api/v2.0/version").body, "\"v0.60.5\"");
  EXPECT_TRUE(get_json("/api/v2.0/storage").is_array());
}

TEST_F(ApiOnRecordedHost, NumbersAreTheRecordedOnes) {
  serve();
  wait_for_ticks(3);
  const json info = get_json("/api/v1.3/docker/web");
  ASSERT_EQ(info.size(), 1U);
  const json& web = info["/docker/" + kId];
  EXPECT_EQ(web["aliases"], json({"web", kId}));
  EXPECT_EQ(web["spec"]["image"], "nginx:1");
  EXPECT_EQ(web["spec"]["labels"]["tier"], "front");
  EXPECT_EQ(web["spec"]["start_time"], "2023-11-14T22:13:21.5Z");
  std::ifstream current(kFixture + "/cgroup/demo.slice/hog.service/memory.current");
  std::uint64_t bytes = 0;
  current >> bytes;
  ASSERT_GT(bytes, 0U);
  EXPECT_EQ(web["stats"].back()["memory"]["usage"], bytes);
  EXPECT_GT(web["stats"].size(), 1U) << "with history";
  EXPECT_LT(web["stats"][0]["timestamp"], web["stats"][1]["timestamp"]);
  EXPECT_EQ(get_json("/api/v1.3/docker/0123")["/docker/" + kId]["id"], kId) << "unique prefix";
  EXPECT_EQ(get_json("/api/v1.3/docker/").size(), 1U);
  EXPECT_EQ(
      get_json("/api/v2.1/stats/docker/" + kId + "?count=1")["/docker/" + kId]["stats"].size(), 1U);
  EXPECT_FALSE(get_json("/api/v2.1/stats?recursive=true").contains("/")) << "machinestats has it";
  EXPECT_TRUE(get_json("/api/v2.0/stats?recursive=true").contains("/"));
  const json ps = get_json("/api/v2.0/ps/docker/" + kId);
  ASSERT_EQ(ps.size(), 1U);
  EXPECT_EQ(ps[0]["cmd"], "hog");
  EXPECT_EQ(ps[0]["cgroup_path"], "");
  EXPECT_EQ(get_json("/api/v2.0/ps/")[0]["cgroup_path"], "/docker/" + kId);
  EXPECT_EQ(get_json("/api/v1.0/machine")["memory_capacity"], 8'000'000ULL * 1024);
  EXPECT_EQ(get_json("/api/v1.0/machine")["disk_map"]["254:0"]["name"], "vda");
}

TEST_F(ApiOnRecordedHost, BodiesChooseHowMuch) {
  serve();
  wait_for_ticks(6);
  const std::string path = "/api/v1.3/containers/docker/" + kId;
  const auto post = [&](const std::string& body) {
    return exchange("POST " + path +
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  const auto stats_of = [](const std::string& response) {
    const json parsed = json::parse(response.substr(response.find("\r\n\r\n") + 4), nullptr, false);
    return parsed.contains("stats") ? parsed["stats"].size() : 0;
  };
  EXPECT_EQ(stats_of(post(R"({"num_stats":2})")), 2U);
  EXPECT_GE(stats_of(post("null")), 5U);
  EXPECT_EQ(stats_of(post(R"({"end":"2001-01-01T00:00:00Z"})")), 0U);
  EXPECT_THAT(post("{"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(post("{"), HasSubstr("unable to decode the json value"));
}

TEST_F(ApiOnRecordedHost, ErrorsHaveTheStatusTheyDeserve) {
  serve();
  wait_for_ticks(1);
  const std::pair<const char*, int> cases[] = {{"/api/", 400},
                                               {"/api", 400},
                                               {"/api/v1.3/", 400},
                                               {"/api/v9/stats", 404},
                                               {"/api/v2.0/bogus", 404},
                                               {"/api/v1.3/containers/nowhere", 404},
                                               {"/api/v1.3/subcontainers/nowhere", 404},
                                               {"/api/v1.3/docker/nobody", 404},
                                               {"/api/v1.3/docker/a/b", 400},
                                               {"/api/v2.0/stats/?count=-2", 400},
                                               {"/api/v2.0/stats/?type=rocket", 400},
                                               {"/api/v2.0/stats/nowhere", 404},
                                               {"/api/v2.0/storage?label=nonsense", 404},
                                               {"/api/v2.0/storage?uuid=nonsense", 404},
                                               {"/api/v2.0/ps/nobody?type=docker", 404},
                                               {"/api/v1.3/events/?max_events=ten", 400}};
  for (const auto& [target, status] : cases) EXPECT_EQ(get(target).status, status) << target;
  EXPECT_EQ(get("/api/").body, "Supported API versions: v1.0,v1.1,v1.2,v1.3,v2.0,v2.1\n");
  EXPECT_EQ(get("/api/v1.3/containers/nowhere").body,
            "failed to get container \"/nowhere\" with error: unknown container \"/nowhere\"\n");
  EXPECT_THAT(get("/api/v2.0/ps/nobody?type=docker").body,
              HasSubstr("process listing failed: unable to find container \"nobody\""));
  EXPECT_THAT(exchange("POST /api/v2.0/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "Content-Length: 0\r\n\r\n"),
              HasSubstr("405 Method Not Allowed"));
}

TEST_F(ApiOnRecordedHost, StrictErrorsAreAll500) {
  serve(ApiCompat::kStrict);
  wait_for_ticks(1);
  EXPECT_EQ(get("/api/").status, 400) << "this one is 400 there too";
  for (const char* target : {"/api/v9/stats", "/api/v1.3/containers/nowhere",
                             "/api/v2.0/stats/?count=-2", "/api/v2.0/storage?label=nonsense"})
    EXPECT_EQ(get(target).status, 500) << target;
  EXPECT_EQ(get("/api/v1.3/events/?max_events=ten").status, 200);
}

TEST_F(ApiOnRecordedHost, EventsPastAndLive) {
  serve();
  wait_for_ticks(2);
  EXPECT_EQ(get_json("/api/v1.3/events/"), json::array()) << "no type, no events";
  EXPECT_EQ(get_json("/api/v1.3/events/docker/" + kId + "?creation_events=true").size(), 1U);
  EXPECT_EQ(
      get_json("/api/v2.0/events/?creation_events=true&subcontainers=true&max_events=2").size(),
      2U);
  std::string text;
  std::thread remover([this] {
    http::testing::eventually([this] { return hub_.stats().clients == 1; });
    host_.remove("cgroup/docker/" + kId);
  });
  const auto streamed =
      http::stream(address_, "/api/v1.3/events/?stream=true&all_events=true&subcontainers=true",
                   [&](std::string_view data) {
                     text += data;
                     return text.find('\n') == std::string::npos;
                   });
  remover.join();
  ASSERT_TRUE(streamed) << streamed.error().message();
  const json event = json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(event["event_type"], "containerDeletion") << "the past is not replayed";
  EXPECT_EQ(event["container_name"], "/docker/" + kId);
}

TEST_F(ApiOnRecordedHost, ValidateTellsWhatTheHostOffers) {
  serve();
  wait_for_ticks(1);
  const http::ClientResponse response = get("/validate/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("cAdvisor version: v0.60.5"));
  EXPECT_THAT(response.body, HasSubstr("Cgroup setup: [Supported and recommended]"));
  EXPECT_THAT(response.body, HasSubstr("Disk \"vda\" Scheduler type \"none\"."));
  EXPECT_THAT(response.body, HasSubstr("Managed containers: \n\t/\n"));
  EXPECT_THAT(response.body, HasSubstr("\t\tNamespace: docker\n\t\tAliases:\n\t\t\tweb\n"));
}

}  // namespace
}  // namespace plimsoll::exporter
