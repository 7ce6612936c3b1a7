// Another machine, as far as this host can tell: what it reaches, and what reaches it.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/net/links.h"
#include "runtime/net/net_testing.h"
#include "runtime/net/netns.h"

namespace plimsoll::net {
namespace {

class OutsideTest : public NetworksTest {
 protected:
  void SetUp() override {
    NetworksTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    path_ = tree_.path() + "/outside";
    const Result<> made = cable();
    ASSERT_TRUE(made) << made.error().message();
    web_ = add("web", "bridge");
    in("web", [this] { server_ = std::make_unique<Server>(SOCK_STREAM, 80, "web"); });
    const auto published =
        networks_->publish("web", {{.container_port = 80, .first = 8080, .last = 8080}});
    ASSERT_TRUE(published) << published.error().message;
  }
  void TearDown() override {
    server_.reset();
    (void)remove_netns(path_);
    NetworksTest::TearDown();
  }

  // 192.0.2.1 here, 192.0.2.2 and 2001:db8::2 there.
  Result<> cable() {
    RouteSocket socket = PLIMSOLL_TRY(RouteSocket::open());
    const int bridge = PLIMSOLL_TRY(make_bridge(
        socket, {.name = "pltestup",
                 .addresses = {{.address = *parse_address("192.0.2.1"), .prefix = 24}}}));
    PLIMSOLL_TRY(make_netns({.proc = "/proc", .path = path_}));
    const Fd netns = PLIMSOLL_TRY(open_netns(path_));
    PLIMSOLL_TRY(make_veth(socket,
                           {.outside = "pltestport",
                            .bridge = bridge,
                            .inside = "eth0",
                            .mac = *parse_mac("02:42:00:00:00:02")},
                           netns));
    PLIMSOLL_TRY(configure_outside({}));
    socket.settle("pltestport");
    return {};
  }
  Result<> configure_outside(std::vector<Address> gateways) {
    const Fd netns = PLIMSOLL_TRY(open_netns(path_));
    return in_netns(netns, [&]() -> Result<> {
      RouteSocket socket = PLIMSOLL_TRY(RouteSocket::open());
      return configure(socket,
                       {.link = "eth0",
                        .addresses = {{.address = *parse_address("192.0.2.2"), .prefix = 24}},
                        .gateways = std::move(gateways)});
    });
  }
  void outside(const std::function<void()>& work) {
    const auto netns = open_netns(path_);
    ASSERT_TRUE(netns) << netns.error().message();
    EXPECT_TRUE(in_netns(*netns, [&work]() -> Result<> {
      work();
      return {};
    }));
  }

  std::string path_;
  Endpoint web_;
  std::unique_ptr<Server> server_;
};

TEST_F(OutsideTest, PublishedPortsAreReachedAndNothingElse) {
  outside([] { EXPECT_EQ(hear("192.0.2.1", 8080), "web"); });
  // Somebody who sends packets for containers this way all the same.
  ASSERT_TRUE(configure_outside({*parse_address("192.0.2.1")}));
  outside([this] {
    EXPECT_EQ(hear("192.0.2.1", 8080), "web");
    EXPECT_EQ(hear(web_.address, 80), "");
  });
}

TEST_F(OutsideTest, ContainersGoOutByTheHostsAddress) {
  std::unique_ptr<Server> there;
  outside([&] { there = std::make_unique<Server>(SOCK_STREAM, 90, "there"); });
  // It knows no way to the container's address: what it answers, it answers to the host.
  in("web", [] { EXPECT_EQ(hear("192.0.2.2", 90), "there"); });
}

TEST_F(OutsideTest, WhatOneAddressPublishesIsOnlyThere) {
  ASSERT_TRUE(networks_->publish(
      "web", {{.container_port = 80, .host_ip = "127.0.0.1", .first = 8081, .last = 8081}}));
  EXPECT_EQ(hear("127.0.0.1", 8081), "web");
  outside([] { EXPECT_EQ(hear("192.0.2.1", 8081), ""); });
}

TEST_F(OutsideTest, AnInternalNetworkIsNotLeft) {
  std::unique_ptr<Server> there;
  outside([&] { there = std::make_unique<Server>(SOCK_STREAM, 90, "there"); });
  ASSERT_TRUE(networks_->create({.name = "vault", .internal = true}));
  add("safe", "vault");
  in("safe", [] { EXPECT_EQ(hear("192.0.2.2", 90), ""); });
  // With a way out of another network, it has one; when that is gone, it has none again.
  ASSERT_TRUE(networks_->connect("bridge", {.container_id = "safe", .container_name = "safe"}));
  in("safe", [] { EXPECT_EQ(hear("192.0.2.2", 90), "there"); });
  ASSERT_TRUE(networks_->disconnect("bridge", "safe"));
  in("safe", [] { EXPECT_EQ(hear("192.0.2.2", 90), ""); });
}

TEST_F(OutsideTest, TheWayOutMovesWithTheNetworks) {
  std::unique_ptr<Server> there;
  outside([&] { there = std::make_unique<Server>(SOCK_STREAM, 90, "there"); });
  ASSERT_TRUE(networks_->create({.name = "front"}));
  ASSERT_TRUE(networks_->connect("front", {.container_id = "web", .container_name = "web"}));
  ASSERT_TRUE(networks_->disconnect("bridge", "web"));
  in("web", [] { EXPECT_EQ(hear("192.0.2.2", 90), "there"); });
}

}  // namespace
}  // namespace plimsoll::net
