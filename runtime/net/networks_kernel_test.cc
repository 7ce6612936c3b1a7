// Networks on this machine's kernel: what a container reaches, and who reaches it.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/net/links.h"
#include "runtime/net/net_testing.h"

namespace plimsoll::net {
namespace {

using model::Refused;
using Strings = std::vector<std::string>;

TEST_F(NetworksTest, ContainersOfTheDefaultBridgeReachEachOtherAndTheHost) {
  const Endpoint first = add("one", "bridge");
  const Endpoint second = add("two", "bridge");
  EXPECT_EQ(first.address, "172.27.0.2");
  EXPECT_EQ(second.address, "172.27.0.3");
  EXPECT_EQ(first.gateway, "172.27.0.1");
  EXPECT_EQ(first.prefix, 16);
  EXPECT_EQ(first.mac, "02:42:ac:1b:00:02");
  EXPECT_EQ(first.interface, "eth0");
  const Server host(SOCK_STREAM, 80, "host");
  std::unique_ptr<Server> server;
  in("one", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "one"); });
  EXPECT_EQ(hear(first.address, 80), "one");
  in("two", [&] {
    EXPECT_EQ(hear(first.address, 80), "one");
    EXPECT_EQ(hear(first.gateway, 80), "host");
    EXPECT_EQ(hear("127.0.0.1", 80), "") << "the loopback is its own";
  });
}

TEST_F(NetworksTest, AReleasedContainerLeavesNothing) {
  add("one", "bridge");
  EXPECT_EQ(links().size(), 2U);
  const auto released = networks_->release("one");
  ASSERT_TRUE(released) << released.error().message();
  EXPECT_TRUE(networks_->endpoints_of("one").empty());
  EXPECT_TRUE(only_links({"pltest0"}));
  EXPECT_TRUE(networks_->release("one")) << "done again, it is done";
}

TEST_F(NetworksTest, AnAddressIsNotGivenToTheNextAtOnce) {
  EXPECT_EQ(add("one", "bridge").address, "172.27.0.2");
  ASSERT_TRUE(networks_->release("one"));
  EXPECT_EQ(add("one", "bridge").address, "172.27.0.3");
}

TEST_F(NetworksTest, APublishedPortIsReachedFromTheHostAndFromContainers) {
  const Endpoint web = add("web", "bridge");
  std::unique_ptr<Server> server;
  in("web", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "web"); });
  const auto published =
      networks_->publish("web", {{.container_port = 80, .first = 8080, .last = 8080}});
  ASSERT_TRUE(published) << published.error().message;
  ASSERT_EQ(published->size(), 1U);
  EXPECT_EQ(published->front().host_port, 8080);
  EXPECT_EQ(published->front().host_ip, "0.0.0.0");
  EXPECT_EQ(hear("127.0.0.1", 8080), "web");
  EXPECT_EQ(hear("172.27.0.1", 8080), "web");
  in("web", [&] { EXPECT_EQ(hear("172.27.0.1", 8080), "web") << "itself, by the host"; });
  add("other", "bridge");
  in("other", [&] { EXPECT_EQ(hear("172.27.0.1", 8080), "web"); });
}

TEST_F(NetworksTest, UdpIsPublished) {
  add("name", "bridge");
  std::unique_ptr<Server> server;
  in("name", [&] { server = std::make_unique<Server>(SOCK_DGRAM, 53, "name"); });
  const auto published = networks_->publish(
      "name", {{.container_port = 53, .protocol = "udp", .first = 5353, .last = 5353}});
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(ask_udp("127.0.0.1", 5353), "name");
  EXPECT_EQ(ask_udp("172.27.0.1", 5353), "name");
}

TEST_F(NetworksTest, APortIsOneContainersOnly) {
  add("one", "bridge");
  const Endpoint two = add("two", "bridge");
  const std::vector<PortRequest> wanted = {{.container_port = 80, .first = 8080, .last = 8080}};
  ASSERT_TRUE(networks_->publish("one", wanted));
  const auto refused = networks_->publish("two", wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Refused::kFailed);
  EXPECT_EQ(refused.error().message,
            "driver failed programming external connectivity on endpoint two (" + two.endpoint_id +
                "): Bind for 0.0.0.0:8080 failed: port is already allocated");
  ASSERT_TRUE(networks_->release("one"));
  const auto again = networks_->publish("two", wanted);
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(NetworksTest, APortOfTheHostsOwnIsNotTaken) {
  const Server host(SOCK_STREAM, 8080, "host");
  add("one", "bridge");
  const auto refused =
      networks_->publish("one", {{.container_port = 80, .first = 8080, .last = 8080}});
  EXPECT_FALSE(refused);
  const auto next =
      networks_->publish("one", {{.container_port = 80, .first = 8080, .last = 8082}});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->front().host_port, 8081);
  const auto any = networks_->publish("one", {{.container_port = 81}});
  ASSERT_TRUE(any) << any.error().message;
  EXPECT_GE(any->front().host_port, 32768);
}

TEST_F(NetworksTest, NetworksAreMadeAndRemoved) {
  const auto front = networks_->create({.name = "front"});
  ASSERT_TRUE(front) << front.error().message;
  EXPECT_EQ(front->ipam.front().subnet, "172.18.0.0/16");
  EXPECT_EQ(front->ipam.front().gateway, "172.18.0.1");
  EXPECT_EQ(front->bridge, "pl-" + front->id.substr(0, 12));
  EXPECT_EQ(links(), Strings{front->bridge});
  const auto back = networks_->create({.name = "back", .ipam = {{.subnet = "10.9.0.0/24"}}});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(networks_->list().size(), 5U);
  EXPECT_EQ(networks_->find(front->id.substr(0, 10))->name, "front");
  add("web", "front");
  const auto busy = networks_->remove("front");
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().why, Refused::kForbidden);
  EXPECT_TRUE(busy.error().message.ends_with("has active endpoints"));
  ASSERT_TRUE(networks_->disconnect("front", "web"));
  ASSERT_TRUE(networks_->remove("front"));
  ASSERT_TRUE(networks_->remove("back"));
  EXPECT_TRUE(only_links({}));
}

TEST_F(NetworksTest, WhatCannotBeMadeIsRefusedInDockersWords) {
  ASSERT_TRUE(networks_->create({.name = "front"}));
  const auto why = [this](Network asked) {
    const auto made = networks_->create(std::move(asked));
    return made ? "made" : std::to_string(int(made.error().why)) + " " + made.error().message;
  };
  EXPECT_EQ(why({.name = "front"}), "409 network with name front already exists");
  EXPECT_EQ(why({.name = "host"}), "403 operation is not permitted on predefined host network ");
  EXPECT_EQ(why({.name = "a", .ipam = {{.subnet = "172.18.4.0/24"}}}),
            "403 Pool overlaps with other one on this address space");
  EXPECT_EQ(why({.name = "a", .driver = "overlay"}), "404 plugin \"overlay\" not found");
  EXPECT_EQ(why({.name = "a", .driver = "host"}),
            "403 only one instance of \"host\" network is allowed");
  const auto bridge = [](const std::string& name) {
    return Network{.name = "a", .options = {{"com.docker.network.bridge.name", name}}};
  };
  EXPECT_EQ(why(bridge("lo")), "403 an interface with name lo already exists");
  EXPECT_EQ(why(bridge("a/b")), "400 invalid bridge name: a/b");
  EXPECT_EQ(why(bridge("sixteen-letters-")), "400 invalid bridge name: sixteen-letters-");
  EXPECT_EQ(why({.name = "a", .ipam = {{.subnet = "10.0.0.0/24", .gateway = "10.0.1.1"}}}),
            "400 invalid gateway 10.0.1.1: parent subnet doesn't contain this address");
  EXPECT_EQ(networks_->remove("bridge").error().message,
            "bridge is a pre-defined network and cannot be removed");
  EXPECT_EQ(networks_->find("nowhere").error().message, "network nowhere not found");
}

TEST_F(NetworksTest, AContainerOfTheHostsNetworkIsOnItsList) {
  const auto endpoint = networks_->connect("host", {.container_id = "one", .container_name = "a"});
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->interface, "");
  const std::string id = networks_->find("host")->id;
  ASSERT_EQ(networks_->endpoints(id).size(), 1U);
  ASSERT_TRUE(networks_->release("one"));
  EXPECT_TRUE(networks_->endpoints(id).empty());
}

TEST_F(NetworksTest, AddressesMayBeAskedFor) {
  ASSERT_TRUE(networks_->create({.name = "mine", .ipam = {{.subnet = "10.9.0.0/24"}}}));
  ASSERT_TRUE(networks_->create({.name = "any"}));
  const Endpoint one = add("one", "mine", {.address = "10.9.0.77", .mac = "02:42:00:00:00:99"});
  EXPECT_EQ(one.address, "10.9.0.77");
  EXPECT_EQ(one.mac, "02:42:00:00:00:99");
  ASSERT_TRUE(networks_->make_namespace("two"));
  const auto why = [this](const std::string& network, const std::string& address) {
    const auto made = networks_->connect(
        network, {.container_id = "two", .container_name = "two", .address = address});
    return made ? "made" : made.error().message;
  };
  EXPECT_EQ(why("mine", "10.9.0.77"), "Address already in use");
  EXPECT_EQ(why("mine", "10.8.0.77"),
            "Invalid address 10.8.0.77: It does not belong to any of this network's subnets");
  EXPECT_EQ(why("any", "172.18.0.9"),
            "user specified IP address is supported only when connecting to networks with user "
            "configured subnets");
  EXPECT_EQ(why("bridge", "172.27.0.9"),
            "user specified IP address is supported on user defined networks only");
  EXPECT_TRUE(networks_->endpoints_of("two").empty());
  EXPECT_EQ(why("mine", ""), "made");
  EXPECT_EQ(why("mine", ""), "endpoint with name two already exists in network mine");
}

TEST_F(NetworksTest, BridgesAreKeptApart) {
  ASSERT_TRUE(networks_->create({.name = "front"}));
  const Endpoint web = add("web", "front");
  add("other", "bridge");
  std::unique_ptr<Server> server;
  in("web", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "web"); });
  in("other", [&] { EXPECT_EQ(hear(web.address, 80), ""); });
  ASSERT_TRUE(networks_->publish("web", {{.container_port = 80, .first = 8080, .last = 8080}}));
  in("other", [&] { EXPECT_EQ(hear("172.27.0.1", 8080), "web") << "published, it is for all"; });
}

TEST_F(NetworksTest, AnInternalNetworkLeadsNowhere) {
  ASSERT_TRUE(networks_->create({.name = "vault", .internal = true}));
  const Endpoint safe = add("safe", "vault");
  EXPECT_EQ(safe.gateway, "");
  const Endpoint other = add("other", "bridge");
  std::unique_ptr<Server> server;
  in("other", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "other"); });
  in("safe", [&] { EXPECT_EQ(hear(other.address, 80), ""); });
  const auto published = networks_->publish("safe", {{.container_port = 80, .first = 8080}});
  ASSERT_TRUE(published);
  EXPECT_TRUE(published->empty());
}

TEST_F(NetworksTest, Ipv6ReachesAndIsPublished) {
  ASSERT_TRUE(
      networks_->create({.name = "six", .ipv6 = true, .ipam = {{.subnet = "fd00:77::/64"}}}));
  const Endpoint web = add("web", "six");
  EXPECT_EQ(web.address6, "fd00:77::2");
  std::unique_ptr<Server> server;
  in("web", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "web"); });
  EXPECT_EQ(hear_soon("fd00:77::2", 80), "web");
  add("other", "six");
  in("other", [&] { EXPECT_EQ(hear_soon("fd00:77::2", 80), "web"); });
  const auto published =
      networks_->publish("web", {{.container_port = 80, .first = 8080, .last = 8080}});
  ASSERT_TRUE(published) << published.error().message;
  ASSERT_EQ(published->size(), 2U);
  EXPECT_EQ(hear_soon("fd00:77::1", 8080), "web");
  EXPECT_EQ(hear_soon("127.0.0.1", 8080), "web");
  in("other", [&] { EXPECT_EQ(hear_soon("fd00:77::1", 8080), "web"); });
}

TEST_F(NetworksTest, WhatRunsIsTakenUpAgainAndTheRestIsRemoved) {
  ASSERT_TRUE(networks_->create({.name = "front"}));
  const Endpoint web = add("web", "front");
  add("dead", "front");
  add("dead2", "bridge");
  ASSERT_TRUE(networks_->publish("web", {{.container_port = 80, .first = 8080, .last = 8080}}));
  ASSERT_TRUE(networks_->publish("dead", {{.container_port = 80, .first = 8081, .last = 8081}}));
  open();
  const auto restored = networks_->restore({"web"});
  ASSERT_TRUE(restored) << restored.error().message();
  EXPECT_EQ(links().size(), 3U) << "two bridges and one pair";
  EXPECT_EQ(networks_->endpoints_of("web").front().address, web.address);
  EXPECT_TRUE(networks_->endpoints_of("dead").empty());
  ASSERT_EQ(networks_->published("web").size(), 1U);
  std::unique_ptr<Server> server;
  in("web", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "web"); });
  EXPECT_EQ(hear("127.0.0.1", 8080), "web");
  EXPECT_NE(add("next", "front").address, web.address);
  EXPECT_FALSE(networks_->publish("next", {{.container_port = 80, .first = 8080, .last = 8080}}));
  EXPECT_TRUE(networks_->publish("next", {{.container_port = 80, .first = 8081, .last = 8081}}));
}

TEST_F(NetworksTest, TheDefaultSubnetHidesNothingOfTheHost) {
  auto socket = RouteSocket::open();
  ASSERT_TRUE(socket);
  const auto uplink = parse_address("172.27.3.1");
  ASSERT_TRUE(uplink);
  ASSERT_TRUE(make_bridge(*socket,
                          {.name = "pltestup", .addresses = {{.address = *uplink, .prefix = 24}}}));
  Options other = options();
  other.state_dir = tree_.path() + "/other";
  other.run_dir = tree_.path() + "/other-run";
  const auto subnet = [&other] {
    const auto networks = Networks::open(other);
    EXPECT_TRUE(networks) << networks.error().message();
    if (!networks) return std::string();
    const auto bridge = (*networks)->find("bridge");
    return bridge && bridge->ipam.size() == 1 ? bridge->ipam[0].subnet : std::string();
  };
  EXPECT_EQ(subnet(), "172.18.0.0/16");
  ASSERT_TRUE(remove_link(*socket, "pltestup"));
  EXPECT_EQ(subnet(), "172.18.0.0/16") << "chosen once";
  other.subnet = "10.44.0.0/16";
  EXPECT_EQ(subnet(), "10.44.0.0/16") << "asked for";
  // The route of our own bridge is no reason to go.
  add("one", "bridge");
  open();
  EXPECT_EQ(networks_->find("bridge")->ipam[0].subnet, "172.27.0.0/16");
}

}  // namespace
}  // namespace plimsoll::net
