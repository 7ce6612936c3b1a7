// Records that may not be read, and questions to sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inventory/inventory.h"
#include "inventory/test_host.h"

namespace plimsoll::inventory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kPathA = "/docker/" + kIdA;

// Nobody's eyes: root reads everything, so the file is looked at as another user.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(65534); }
  ~AsNobody() { ::setfsuid(::geteuid()); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

class InventoryDenied : public ::testing::Test {
 protected:
  InventoryDenied() {
    host.tree.write(docker_file(kIdA), docker_json({}));
    host.tree.write("run/docker.sock", "");
    ::chmod(host.tree.path().c_str(), 0755);
    ::chmod((host.tree.path() + "/var/lib/docker").c_str(), 0);
  }
  ~InventoryDenied() override {
    ::chmod((host.tree.path() + "/var/lib/docker").c_str(), 0755);  // So that it can be removed.
  }
  TestHost host;
};

TEST_F(InventoryDenied, SaysUnreadableAndAsksTheSocketAtOnce) {
  const AsNobody nobody;
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kUnreadable);
  EXPECT_EQ(host.inventory->stats().unreadable, 1U);
  ASSERT_EQ(host.asked.size(), 1U);
  EXPECT_EQ(host.asked[0].serial, 1U);
  EXPECT_EQ(host.asked[0].socket, host.tree.path() + "/run/docker.sock");
  EXPECT_EQ(host.asked[0].target, "/containers/" + kIdA + "/json");
  // One question at a time.
  host.clock.advance(seconds(5));
  static_cast<void>(host.identify(1, kPathA));
  EXPECT_EQ(host.asked.size(), 1U);
  std::string body = docker_json({});
  body.replace(body.find("\"ID\""), 4, "\"Id\"");
  host.inventory->answer(host.asked[0], body);
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kComplete);
  EXPECT_EQ(host.inventory->stats().unreadable, 0U);
  host.clock.advance(seconds(3600));
  static_cast<void>(host.identify(1, kPathA));
  EXPECT_EQ(host.asked.size(), 1U) << "a daemon is not polled";
}

TEST_F(InventoryDenied, AQuestionLostIsAskedAgain) {
  const AsNobody nobody;
  static_cast<void>(host.identify(1, kPathA));
  host.inventory->answer(host.asked[0], failure(ErrorKind::kDenied, "connect", "docker.sock"));
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kUnreadable);
  for (int i = 0; i < 120; ++i) {
    host.clock.advance(seconds(1));
    static_cast<void>(host.identify(1, kPathA));
  }
  EXPECT_GE(host.asked.size(), 2U);
}

TEST_F(InventoryDenied, IsReadOnceThePermissionIsThere) {
  {
    const AsNobody nobody;
    EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kUnreadable);
  }
  ::chmod((host.tree.path() + "/var/lib/docker").c_str(), 0755);
  host.clock.advance(seconds(30));
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
}

// With a health check the socket's answer ages: "starting" would stand for ever.
TEST_F(InventoryDenied, HealthKnownFromTheSocketOnlyIsAskedForSlowly) {
  const AsNobody nobody;
  static_cast<void>(host.identify(1, kPathA));
  const auto body = [](const char* health) {
    std::string text = docker_json({.health = health});
    return text.replace(text.find("\"ID\""), 4, "\"Id\"");
  };
  host.inventory->answer(host.asked[0], body(R"({"Status":"starting"})"));
  EXPECT_EQ(host.identify(1, kPathA)->health, Health::kStarting);
  for (int i = 0; i < 30; ++i) {
    host.clock.advance(seconds(1));
    static_cast<void>(host.identify(1, kPathA));
  }
  ASSERT_EQ(host.asked.size(), 2U);
  host.inventory->answer(host.asked[1], body(R"({"Status":"healthy"})"));
  EXPECT_EQ(host.identify(1, kPathA)->health, Health::kHealthy);
}

TEST_F(InventoryDenied, DoctorNamesTheRemedy) {
  host.tree.remove("run/docker.sock");
  const AsNobody nobody;
  InventoryOptions options;
  options.host_root = host.tree.path();
  for (const RuntimePresence& presence : find_runtimes(options)) {
    const bool docker = presence.runtime == Runtime::kDocker;
    EXPECT_EQ(presence.present, docker) << name_of(presence.runtime);
    EXPECT_FALSE(presence.readable) << name_of(presence.runtime);
    EXPECT_EQ(presence.remedy.empty(), !docker) << name_of(presence.runtime);
  }
}

TEST(InventoryQuestions, ALateRecordIsWaitedForBeforeADaemonIsWoken) {
  TestHost host;
  host.tree.write("run/docker.sock", "");
  static_cast<void>(host.identify(1, kPathA));
  EXPECT_THAT(host.asked, ::testing::IsEmpty());
  for (int i = 0; i < 10; ++i) {
    host.clock.advance(milliseconds(200));
    static_cast<void>(host.identify(1, kPathA));
  }
  EXPECT_EQ(host.asked.size(), 1U) << "a moved data root: only the daemon knows";
}

TEST(InventoryQuestions, WithoutASocketNothingIsAsked) {
  TestHost host;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(host.identify(1, kPathA));
    host.clock.advance(seconds(1));
  }
  EXPECT_THAT(host.asked, ::testing::IsEmpty());
}

TEST(InventoryQuestions, AnswersAboutGroupsThatAreGoneOrOtherContainersAreDropped) {
  TestHost host;
  const Question nobody{99, "/run/docker.sock", "/containers/x/json"};
  host.inventory->answer(nobody, std::string("{}"));
  static_cast<void>(host.identify(1, kPathA));
  const Question about{1, "/run/docker.sock", "/containers/x/json"};
  host.inventory->answer(about, std::string(R"({"Id":"other","Name":"/evil"})"));
  EXPECT_EQ(host.identify(1, kPathA)->name, "");
  host.inventory->answer(about, std::string(R"({"message":"No such container"})"));
  host.inventory->answer(about, std::string("<html>"));
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kPending);
  EXPECT_EQ(host.inventory->stats().failures, 2U);
}

TEST(FindRuntimes, SeesWhatIsThere) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({}));
  host.tree.write("run/systemd/machines/box", "NAME=box\n");
  InventoryOptions options;
  options.host_root = host.tree.path();
  for (const RuntimePresence& presence : find_runtimes(options)) {
    const bool here = presence.runtime == Runtime::kDocker || presence.runtime == Runtime::kNspawn;
    EXPECT_EQ(presence.present, here) << name_of(presence.runtime);
    EXPECT_EQ(presence.readable, here) << name_of(presence.runtime);
    EXPECT_EQ(presence.remedy, "") << name_of(presence.runtime);
    EXPECT_FALSE(presence.where.empty());
  }
}

}  // namespace
}  // namespace plimsoll::inventory
