// /metrics over a real server: formats, codings, choices, deadlines.
#include "exporter/web/metrics_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <condition_variable>
#include <thread>

#include "base/temp_tree.h"
#include "exporter/web/endpoints.h"
#include "http/test_support.h"

namespace plimsoll::exporter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Metrics : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("cgroup/cgroup.controllers", "cpu memory\n");
    host_.write("cgroup/cgroup.procs", "");
    for (const char* service : {"one", "two"}) add_service(service);
    SamplerConfig config;
    config.cgroup_root = host_.path() + "/cgroup";
    config.proc_root = host_.path() + "/proc";
    config.sys_root = host_.path();
    config.host_root = host_.path();
    config.interval = std::chrono::hours(1);  // A sample is taken when somebody asks.
    config.inventory.docker_sockets = {};
    config.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    // A sampler that hangs, as on a kernel file that blocks: the group named "slow" opens the gate.
    config.render_labels = [this](const inventory::Identity& identity, std::uint64_t& collisions) {
      if (identity.cgroup.ends_with("slow.service")) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return gate_open_; });
      }
      return render_labels(identity, {}, collisions);
    };
    server_ = http::Server::create();
    loop_ = SamplerLoop::create(config, clock_, [](SnapshotPtr) {}, {}).value();
    EndpointOptions options;
    options.interval = config.interval;
    options.metrics.max_age = std::chrono::nanoseconds(0);
    options.metrics.text.groups = config.reader.groups;
    options.metrics.families = allowed_;
    endpoints_ = std::make_unique<Endpoints>(*server_, *loop_, clock_, options);
    address_ = server_->listen("127.0.0.1:0").value();
    thread_ = std::thread([this] { server_->run(); });
    loop_->start();
  }
  void TearDown() override {
    open_gate();
    server_->post([this] {
      endpoints_->finish();
      server_->stop();
    });
    thread_.join();
    loop_.reset();
  }
  void add_service(const std::string& name) {
    const std::string path = "cgroup/system.slice/" + name + ".service/";
    host_.write(path + "memory.current", "4096\n");
    host_.write(path + "cgroup.procs", "");
  }
  void open_gate() {
    const std::lock_guard lock(mutex_);
    gate_open_ = true;
    wake_.notify_all();
  }

  struct Answer {
    std::string head, body;
  };
  Answer get(const std::string& query, const std::string& headers = "") {
    const std::string all = http::testing::ask(
        address_, "GET /metrics" + query + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" +
                      headers + "\r\n");
    const std::size_t end = all.find("\r\n\r\n");
    EXPECT_NE(end, std::string::npos) << all;
    return {all.substr(0, end + 2), all.substr(end + 4)};
  }

  FamilySet allowed_;
  TempTree host_;
  RealClock clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool gate_open_ = false;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<SamplerLoop> loop_;
  std::unique_ptr<Endpoints> endpoints_;
  std::string address_;
  std::thread thread_;
};

TEST_F(Metrics, AreTextForWhoDoesNotSay) {
  const Answer answer = get("");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("Vary: Accept, Accept-Encoding\r\n"));
  EXPECT_THAT(answer.head, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(answer.body, HasSubstr("container_memory_usage_bytes{id=\"/system.slice/one"));
}

TEST_F(Metrics, ComeInTheFormatThatIsAskedFor) {
  const Answer open = get("", "Accept: application/openmetrics-text;version=1.0.0\r\n");
  EXPECT_THAT(open.head, HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0; "
                                   "charset=utf-8\r\n"));
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  const Answer binary = get("",
                            "Accept: application/vnd.google.protobuf; "
                            "proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n");
  EXPECT_THAT(binary.head,
              HasSubstr("Content-Type: application/vnd.google.protobuf; "
                        "proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n"));
  EXPECT_THAT(binary.body, HasSubstr("container_memory_usage_bytes"));
  // Lines of one list.
  EXPECT_THAT(get("", "Accept: text/plain;q=0.1\r\nAccept: application/openmetrics-text\r\n").head,
              HasSubstr("openmetrics-text"));
}

TEST_F(Metrics, AreCompressedForWhoTakesIt) {
  const std::string plain = get("?exclude[]=exporter").body;
  const Answer answer = get("?exclude[]=exporter", "Accept-Encoding: deflate, gzip;q=0.8\r\n");
  EXPECT_THAT(answer.head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(answer.body.size(), plain.size() / 3);
  std::string back(plain.size() * 2, '\0');
  libdeflate_decompressor* const tool = libdeflate_alloc_decompressor();
  std::size_t size = 0;
  EXPECT_EQ(libdeflate_gzip_decompress(tool, answer.body.data(), answer.body.size(), back.data(),
                                       back.size(), &size),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(tool);
  back.resize(size);
  // Only the time at which the containers were last seen may differ.
  EXPECT_EQ(back.size(), plain.size());
  EXPECT_THAT(back, HasSubstr("# TYPE container_memory_usage_bytes gauge\n"));
  EXPECT_THAT(get("", "Accept-Encoding: gzip;q=0\r\n").head, Not(HasSubstr("Content-Encoding")));
}

TEST_F(Metrics, ThatNobodyCouldReadAreNotSent) {
  const Answer format = get("", "Accept: image/png\r\n");
  EXPECT_THAT(format.head, StartsWith("HTTP/1.1 406 "));
  EXPECT_THAT(format.body, HasSubstr("application/openmetrics-text;version=1.0.0"));
  EXPECT_THAT(get("", "Accept-Encoding: identity;q=0\r\n").head, StartsWith("HTTP/1.1 406 "));
  EXPECT_THAT(get("", "Accept-Encoding:\r\n").head, StartsWith("HTTP/1.1 200 "));
}

TEST_F(Metrics, OfChosenFamiliesAndCgroups) {
  const std::string chosen = get("?name[]=container_memory_usage_bytes").body;
  EXPECT_THAT(chosen, StartsWith("# HELP container_memory_usage_bytes "));
  EXPECT_EQ(std::ranges::count(chosen, '#'), 2);
  EXPECT_THAT(get("?collect[]=memory").body, Not(HasSubstr("plimsoll_")));
  const std::string one = get("?cgroup=/system.slice/one.service").body;
  EXPECT_THAT(one, HasSubstr("id=\"/system.slice/one.service\""));
  EXPECT_THAT(one, Not(HasSubstr("two.service")));
  EXPECT_THAT(one, HasSubstr("plimsoll_build_info"));
  EXPECT_THAT(get("?runtime=systemd").body, HasSubstr("two.service"));
}

TEST_F(Metrics, OfWhatIsUnknownAreAnError) {
  for (const char* query : {"?collect[]=nothing", "?exclude[]=", "?name=container_nothing",
                            "?runtime=cray", "?max_age=-1s"}) {
    const Answer answer = get(query);
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 400 ")) << query;
    EXPECT_THAT(answer.body, HasSubstr(std::string(query).substr(1, 4)));
  }
}

TEST_F(Metrics, OfTheLastSampleAreShownWhenTheNextIsLate) {
  EXPECT_THAT(get("").body, HasSubstr("\nplimsoll_scrape_stale 0\n"));
  add_service("slow");
  const Answer late = get("", "X-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n");
  EXPECT_THAT(late.head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(late.body, HasSubstr("\nplimsoll_scrape_stale 1\n"));
  EXPECT_THAT(late.body, HasSubstr("\nplimsoll_scrapes_stale_total 1\n"));
  EXPECT_THAT(late.body, HasSubstr("one.service"));
  EXPECT_THAT(late.body, Not(HasSubstr("slow.service")));
  open_gate();
  const std::string fresh = get("", "X-Prometheus-Scrape-Timeout-Seconds: 60\r\n").body;
  EXPECT_THAT(fresh, HasSubstr("\nplimsoll_scrape_stale 0\n"));
  EXPECT_THAT(fresh, HasSubstr("\nplimsoll_scrapes_stale_total 1\n"));
  EXPECT_THAT(fresh, HasSubstr("slow.service"));
}

class FirstSampleIsLate : public Metrics {
 protected:
  void SetUp() override {
    add_service("slow");
    Metrics::SetUp();
  }
};

TEST_F(FirstSampleIsLate, SoThereIsNothingToShow) {
  const Answer answer = get("", "X-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1\r\n"));
}

class AllowedMetrics : public Metrics {
 protected:
  void SetUp() override {
    allowed_.assign(catalogue().size(), false);
    for (std::size_t i = 0; i < allowed_.size(); ++i)
      allowed_[i] = catalogue()[i].name.starts_with("container_memory_");
    Metrics::SetUp();
  }
};

TEST_F(AllowedMetrics, AreAllThereIs) {
  const std::string text = get("").body;
  EXPECT_THAT(text, HasSubstr("container_memory_usage_bytes"));
  EXPECT_THAT(text, Not(HasSubstr("plimsoll_")));
  EXPECT_THAT(get("?name[]=plimsoll_build_info").head, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(get("?collect[]=exporter").head, StartsWith("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace plimsoll::exporter
