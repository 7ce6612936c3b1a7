#include "agent/etcd_setup.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "agent/etcd_flags.h"

namespace plimsoll::agent {
namespace {

using Addresses = std::vector<std::string>;

TEST(AdvertisedAddress, IsTheHostsNameWhereAllAddressesAreServed) {
  EXPECT_EQ(*advertised_address({"[::]:7546"}, "h1"), "h1:7546");
  EXPECT_EQ(*advertised_address({"0.0.0.0:80"}, "h1"), "h1:80");
}

TEST(AdvertisedAddress, IsTheAddressThatOthersReach) {
  EXPECT_EQ(*advertised_address({"127.0.0.1:1", "unix:/run/x", "192.0.2.1:2"}, "h1"),
            "192.0.2.1:2");
  EXPECT_EQ(*advertised_address({"[::1]:1", "[2001:db8::1]:2"}, "h1"), "[2001:db8::1]:2");
  EXPECT_EQ(*advertised_address({"127.0.0.1:1"}, "h1"), "127.0.0.1:1");
}

TEST(AdvertisedAddress, HasToBeGivenWithoutTcp) {
  for (const Addresses& addresses : {Addresses{}, Addresses{"unix:/run/x"}})
    EXPECT_EQ(advertised_address(addresses, "h1").error().kind, ErrorKind::kInvalidInput);
}

EtcdConfig parse(std::vector<std::string> arguments) {
  EtcdConfig config;
  CLI::App app;
  add_etcd_flags(app, config);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return config;
}

TEST(EtcdFlags, RegisterNothingUnlessEndpointsAreGiven) {
  EXPECT_FALSE(parse({}).wanted());
  const EtcdConfig config =
      parse({"--etcd.endpoints=http://127.0.0.1:1,https://127.0.0.1:2", "--etcd.prefix=/x/y/",
             "--etcd.ttl=1m", "--etcd.containers=declared"});
  EXPECT_TRUE(config.wanted());
  EXPECT_EQ(config.client.endpoints, (Addresses{"http://127.0.0.1:1", "https://127.0.0.1:2"}));
  EXPECT_EQ(config.prefix, "/x/y");
  EXPECT_EQ(config.ttl, std::chrono::minutes(1));
  EXPECT_EQ(config.containers, exporter::Registered::kDeclared);
}

TEST(EtcdFlags, RefuseWhatMakesNoSense) {
  for (const char* flag : {"--etcd.prefix=x", "--etcd.prefix=/", "--etcd.prefix=/a b",
                           "--etcd.ttl=1s", "--etcd.ttl=x", "--etcd.containers=some"})
    EXPECT_THROW((void)parse({flag}), CLI::ParseError) << flag;
}

TEST(EtcdRegistration, SaysWhichFlagIsNoGood) {
  const EtcdFacts facts{.listening = {"[::]:7546"}, .proc_root = "/proc"};
  const auto fails = [&](const EtcdConfig& flags) {
    const auto made = EtcdRegistration::create(flags, facts, WallTime());
    return made ? std::string() : made.error().message();
  };
  EtcdConfig config;
  config.client.endpoints = {"http://127.0.0.1:1"};
  EXPECT_EQ(fails(config), "");
  EtcdConfig node = config;
  node.node = "a/b";
  EXPECT_NE(fails(node).find("--etcd.node"), std::string::npos);
  EtcdConfig address = config;
  address.advertise = "http://127.0.0.1:1/";
  EXPECT_NE(fails(address).find("--etcd.advertise"), std::string::npos);
  EtcdConfig endpoint = config;
  endpoint.client.endpoints = {"127.0.0.1:1"};
  EXPECT_NE(fails(endpoint).find("--etcd.endpoints"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::agent
