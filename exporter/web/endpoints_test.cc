// The whole read plane on a made-up host: sampler, loop, endpoints, a real server and a real client
// on loopback.
#include "exporter/web/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/temp_tree.h"
#include "exporter/web/base_path.h"
#include "exporter/web/landing.h"
#include "http/client.h"

namespace plimsoll::exporter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class EndpointsOnFakeHost : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("cgroup/cgroup.controllers", "cpu memory\n");
    host_.write("cgroup/cgroup.procs", "");
    host_.write("cgroup/docker/" + kId + "/cgroup.procs", "");
    host_.write("cgroup/docker/" + kId + "/memory.current", "4096\n");
    host_.write("cgroup/docker/" + kId + "/cpu.stat", "usage_usec 1500000\n");
    host_.write(
        "docker/containers/" + kId + "/config.v2.json",
        R"({"ID":")" + kId +
            R"(","Name":"/web","Created":"2023-11-14T22:13:20Z","Config":{"Image":"<b>img</b>",)"
            R"("Labels":{}},"State":{"Running":true,"Pid":0}})");
    SamplerConfig config;
    config.cgroup_root = host_.path() + "/cgroup";
    config.proc_root = host_.path() + "/proc";
    config.sys_root = host_.path();
    config.host_root = host_.path();
    config.interval = std::chrono::milliseconds(50);
    config.inventory.docker_root = host_.path() + "/docker";
    config.inventory.docker_sockets = {};
    config.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    config.render_labels = [](const inventory::Identity& identity, std::uint64_t& collisions) {
      return render_labels(identity, {}, collisions);
    };
    loop_ = SamplerLoop::create(
                config, clock_,
                [this](SnapshotPtr snapshot) { endpoints_->publish(std::move(snapshot)); }, {})
                .value();
    EndpointOptions options;
    options.interval = config.interval;
    endpoints_ = std::make_unique<Endpoints>(named_, *loop_, clock_, options);
    address_ = server_->listen("127.0.0.1:0").value();
    thread_ = std::thread([this] { server_->run(); });
  }
  void TearDown() override {
    server_->post([this] {
      endpoints_->finish();
      server_->stop();
    });
    thread_.join();
    loop_.reset();
  }

  http::ClientResponse get(const std::string& target) {
    return http::get(address_, target).value();
  }

  TempTree host_;
  RealClock clock_;
  std::unique_ptr<http::Server> server_ = http::Server::create();
  BasePathServer named_{*server_, "/stats"};
  std::unique_ptr<SamplerLoop> loop_;
  std::unique_ptr<Endpoints> endpoints_;
  std::string address_;
  std::thread thread_;
};

TEST_F(EndpointsOnFakeHost, BeforeTheFirstSampleOnlyHealthyIsUp) {
  EXPECT_EQ(get("/-/healthy").status, 200);
  EXPECT_EQ(get("/-/ready").status, 503);
  EXPECT_EQ(get("/healthz").status, 503);
  EXPECT_THAT(get("/").body, HasSubstr("Starting"));
}

TEST_F(EndpointsOnFakeHost, MetricsAreFreshAndTyped) {
  loop_->start();
  const auto response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, ::testing::Contains(std::pair<std::string, std::string>(
                                    "content-type", "text/plain; version=0.0.4; charset=utf-8")));
  EXPECT_THAT(response.body, HasSubstr("container_cpu_usage_seconds_total{"));
  EXPECT_THAT(response.body, HasSubstr("name=\"web\""));
  EXPECT_THAT(response.body, HasSubstr(" 1.5\n"));
  EXPECT_EQ(get("/healthz").body, "ok");
  EXPECT_EQ(get("/-/ready").status, 200);
}

TEST_F(EndpointsOnFakeHost, EveryScrapeSeesTheKernelsPresentNumbers) {
  loop_->start();
  (void)get("/metrics");
  host_.write("cgroup/docker/" + kId + "/cpu.stat", "usage_usec 2500000\n");
  EXPECT_THAT(get("/metrics?max_age=0").body, HasSubstr(" 2.5\n"));
}

TEST_F(EndpointsOnFakeHost, ContainersAsJsonWithFiltersAndReferences) {
  loop_->start();
  const auto list = nlohmann::json::parse(get("/api/v1/containers").body);
  ASSERT_EQ(list["containers"].size(), 1U);
  EXPECT_EQ(list["containers"][0]["name"], "web");
  EXPECT_EQ(list["containers"][0]["memory"]["usage"], 4096);
  EXPECT_EQ(nlohmann::json::parse(get("/api/v1/containers?all=true").body)["containers"].size(),
            3U);
  EXPECT_TRUE(
      nlohmann::json::parse(get("/api/v1/containers?name=nobody").body)["containers"].empty());
  for (const std::string& reference : {std::string("web"), kId, kId.substr(0, 4), "docker/" + kId})
    EXPECT_EQ(nlohmann::json::parse(get("/api/v1/containers/" + reference).body)["id"], kId);
}

TEST_F(EndpointsOnFakeHost, AContainerWithItsHistoryInOneRequest) {
  loop_->start();
  nlohmann::json container;
  const auto give_up = clock_.now() + std::chrono::seconds(30);
  while (container["history"].size() < 3 && clock_.now() < give_up)
    container = nlohmann::json::parse(get("/api/v1/containers/web?history=5m").body);
  ASSERT_GE(container["history"].size(), 3U);
  EXPECT_EQ(container["id"], kId);
  const auto& points = container["history"];
  EXPECT_LT(points[0]["sequence"], points[1]["sequence"]);
  EXPECT_EQ(points[0]["cpu"]["usage"], 1.5);
  EXPECT_FALSE(points[0].contains("id"));
  EXPECT_LE(nlohmann::json::parse(get("/api/v1/containers/web?history=0s").body)["history"].size(),
            1U)
      << "the point of this very moment at most";
  EXPECT_FALSE(nlohmann::json::parse(get("/api/v1/containers/web").body).contains("history"));
  EXPECT_EQ(get("/api/v1/containers/web?history=long").status, 400);
}

TEST_F(EndpointsOnFakeHost, ErrorsAreJsonAndSayWhat) {
  loop_->start();
  const auto unknown = get("/api/v1/containers/nobody");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(std::string(nlohmann::json::parse(unknown.body)["message"]), HasSubstr("nobody"));
  const auto bad = get("/api/v1/stream?interval=never");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("interval=never"));
  EXPECT_EQ(get("/metrics?max_age=soon").status, 400);
  EXPECT_EQ(get("/nowhere").status, 404);
}

TEST_F(EndpointsOnFakeHost, UnknownParametersAreRefusedWhereTheyWouldMislead) {
  loop_->start();
  for (const char* target : {"/api/v1/containers?nmae=web", "/api/v1/containers/web?nmae=web",
                             "/api/v1/stream?nmae=web", "/api/v1/events?nmae=web"}) {
    const auto refused = get(target);
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_THAT(std::string(nlohmann::json::parse(refused.body)["message"]),
                ::testing::AllOf(HasSubstr("'nmae'"), HasSubstr("; there is ")))
        << target;
  }
  // Prometheus sends a job's params to every target of it, and cAdvisor reads what it knows.
  EXPECT_EQ(get("/metrics?nmae=web").status, 200);
  EXPECT_EQ(get("/api/v1.3/machine?nmae=web").status, 200);
}

TEST_F(EndpointsOnFakeHost, StreamBringsOneSnapshotALine) {
  loop_->start();
  std::string text;
  std::size_t lines = 0;
  const auto streamed =
      http::stream(address_, "/api/v1/stream?interval=50ms", [&](std::string_view data) {
        text += data;
        lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
        return lines < 3;
      });
  ASSERT_TRUE(streamed) << streamed.error().message();
  std::uint64_t last = 0;
  for (std::size_t begin = 0, i = 0; i < 3; ++i) {
    const std::size_t end = text.find('\n', begin);
    const auto snapshot = nlohmann::json::parse(text.substr(begin, end - begin));
    EXPECT_GT(snapshot["sequence"], last);
    last = snapshot["sequence"];
    EXPECT_EQ(snapshot["containers"][0]["name"], "web");
    begin = end + 1;
  }
}

TEST_F(EndpointsOnFakeHost, PagesStandWhereCadvisorsStood) {
  EXPECT_EQ(get("/docker/").status, 503);
  loop_->start();
  (void)get("/metrics");
  const auto page = get("/docker/web");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.headers, ::testing::Contains(std::pair<std::string, std::string>(
                                "content-type", "text/html; charset=utf-8")));
  EXPECT_THAT(page.body, HasSubstr("<th>cpu.usage</th><td>1.500 s</td>"));
  EXPECT_THAT(get("/docker/").body, HasSubstr("href=\"/containers/docker/" + kId + "\""));
  EXPECT_EQ(get("/containers/docker/" + kId).status, 200);
  EXPECT_EQ(get("/containers/nowhere").status, 404);
}

TEST_F(EndpointsOnFakeHost, EveryPathHasASecondNameBelowTheBasePath) {
  loop_->start();
  (void)get("/metrics");
  for (const char* path : {"/", "/metrics", "/-/ready", "/api/v1/containers/web", "/docker/web",
                           "/api/v1.3/containers/docker/"})
    EXPECT_EQ(get("/stats" + std::string(path)).status, get(path).status) << path;
  EXPECT_EQ(get("/stats").status, 200);
  EXPECT_EQ(nlohmann::json::parse(get("/stats/api/v1/containers/web").body)["id"], kId);
  EXPECT_EQ(get("/statsmetrics").status, 404);
}

TEST_F(EndpointsOnFakeHost, LandingPageEscapesWhatContainersSay) {
  loop_->start();
  (void)get("/metrics");
  const std::string page = get("/").body;
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;img&lt;/b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<b>img")));
  EXPECT_THAT(page, HasSubstr("href=\"/metrics\""));
}

TEST_F(EndpointsOnFakeHost, PagesCarryNoScriptOrStyleOfTheirOwn) {
  loop_->start();
  (void)get("/metrics");
  for (const char* path : {"/", "/containers/"}) {
    const std::string page = get(path).body;
    EXPECT_THAT(page, HasSubstr("/page/page.css")) << path;
    EXPECT_THAT(page, Not(HasSubstr("<style"))) << path;
    EXPECT_THAT(page, Not(HasSubstr("onclick"))) << path;
  }
  EXPECT_EQ(get("/page/page.js").status, 200);
  EXPECT_EQ(get("/page/").status, 404);
  EXPECT_EQ(get("/page/other.js").status, 404);
  EXPECT_EQ(get("/page/../page/page.js").status, 400);
}

}  // namespace
}  // namespace plimsoll::exporter
