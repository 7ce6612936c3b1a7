// Events from a made-up host whose containers come and go, through a real server and client.
#include "exporter/web/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/temp_tree.h"
#include "http/client.h"

namespace plimsoll::exporter {
namespace {

using ::testing::HasSubstr;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class EventFeedOnFakeHost : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("cgroup/cgroup.controllers", "cpu\n");
    host_.write("cgroup/cgroup.procs", "");
    SamplerConfig config;
    config.cgroup_root = host_.path() + "/cgroup";
    config.proc_root = host_.path() + "/proc";
    config.sys_root = host_.path();
    config.host_root = host_.path();
    config.interval = std::chrono::milliseconds(20);
    config.inventory.docker_sockets = {};
    config.tree.rescan_interval = std::chrono::milliseconds(10);
    config.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    config.render_labels = [](const inventory::Identity&, std::uint64_t&) { return ""; };
    server_ = http::Server::create();
    loop_ = SamplerLoop::create(config, clock_, {}, {}).value();
    feed_ = std::make_unique<EventFeed>(*server_, *loop_, clock_, EventLimits{});
    address_ = server_->listen("127.0.0.1:0").value();
    loop_->start();
    thread_ = std::thread([this] { server_->run(); });
  }
  void TearDown() override {
    server_->post([this] {
      feed_->finish();
      server_->stop();
    });
    thread_.join();
    loop_.reset();
  }

  void start_container() const { host_.write("cgroup/docker/" + kId + "/cgroup.procs", ""); }
  void stop_container() const { host_.remove("cgroup/docker/" + kId); }
  // Reads a stream until `enough` lines came; calls `meanwhile` once the stream stands.
  std::vector<nlohmann::json> listen(const std::string& target, std::size_t enough,
                                     const std::function<void()>& meanwhile) {
    std::vector<nlohmann::json> events;
    std::string text;
    std::thread actor(meanwhile);
    const auto streamed = http::stream(address_, target, [&](std::string_view data) {
      text += data;
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        if (end > 0) events.push_back(nlohmann::json::parse(text.substr(0, end)));
        text.erase(0, end + 1);
      }
      return events.size() < enough;
    });
    actor.join();
    EXPECT_TRUE(streamed) << streamed.error().message();
    return events;
  }
  nlohmann::json get(const std::string& target) {
    return nlohmann::json::parse(http::get(address_, target).value().body);
  }

  TempTree host_;
  RealClock clock_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<SamplerLoop> loop_;
  std::unique_ptr<EventFeed> feed_;
  std::string address_;
  std::thread thread_;
};

TEST_F(EventFeedOnFakeHost, StreamTellsTheLifeOfAContainer) {
  const auto events =
      listen("/api/v1/events?format=ndjson&since=%230&id=" + kId.substr(0, 8), 2, [&] {
        start_container();
        // Long enough to be seen; the runtime's record never comes.
        while (feed_->log().last_sequence() < 3)
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        stop_container();
      });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["type"], "creation");
  EXPECT_EQ(events[0]["cgroup"], "/docker/" + kId);
  EXPECT_EQ(events[0]["runtime"], "docker");
  EXPECT_EQ(events[1]["type"], "deletion");
  EXPECT_LT(events[0]["sequence"], events[1]["sequence"]);

  const auto again = listen("/api/v1/events?format=ndjson&since=%23" +
                                std::to_string(events[0]["sequence"].get<std::uint64_t>()),
                            1, [] {});
  EXPECT_EQ(again.at(0), events[1]) << "resumes after what was seen";
  const auto kept = get("/api/v1/events");
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[1], events[1]);
  EXPECT_EQ(get("/api/v1/events?type=deletion").size(), 1U);
  EXPECT_EQ(get("/api/v1/events?limit=1")[0], events[1]);
  EXPECT_GT(get("/api/v1/events?all=true").size(), 2U);
}

TEST_F(EventFeedOnFakeHost, BadQuestionsAreAnswered) {
  const auto bad = http::get(address_, "/api/v1/events?type=birth").value();
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("type=birth"));
}

}  // namespace
}  // namespace plimsoll::exporter
