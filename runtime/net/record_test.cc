#include "runtime/net/record.h"

#include <gtest/gtest.h>

#include <string>

#include "base/temp_tree.h"
#include "runtime/net/files.h"
#include "runtime/net/resolv_conf.h"
#include "runtime/net/rules.h"

namespace plimsoll::net {
namespace {

using Strings = std::vector<std::string>;

TEST(NetworkRecord, IsReadAsItWasWritten) {
  const NetworkRecord record{.network = {.id = "ab",
                                         .name = "front \"x\"",
                                         .driver = "bridge",
                                         .created = "2026-01-01T00:00:00Z",
                                         .ipv6 = true,
                                         .internal = true,
                                         .attachable = true,
                                         .ipam = {{.subnet = "10.0.0.0/8",
                                                   .gateway = "10.0.0.1",
                                                   .ip_range = "10.1.0.0/16",
                                                   .auxiliary = {{"a", "10.0.0.9"}}}},
                                         .ipam_options = {{"x", "y"}},
                                         .options = {{"k", "v"}},
                                         .labels = {{"l", ""}},
                                         .bridge = "pl-ab"},
                             .subnet_asked = true,
                             .removed = true};
  const auto again = decode_network(encode(record));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(encode(*again), encode(record));
  EXPECT_EQ(again->network.ipam.front().auxiliary.at("a"), "10.0.0.9");
  EXPECT_TRUE(again->removed);
}

TEST(ContainerRecord, IsReadAsItWasWritten) {
  const ContainerRecord record{
      .container = "c1",
      .endpoints = {{.endpoint = {.network_id = "ab",
                                  .network_name = "front",
                                  .endpoint_id = "ef",
                                  .container_name = "web",
                                  .mac = "02:42:ac:12:00:02",
                                  .gateway = "172.18.0.1",
                                  .address = "172.18.0.2",
                                  .prefix = 16,
                                  .gateway6 = "fd00::1",
                                  .address6 = "fd00::2",
                                  .prefix6 = 64,
                                  .interface = "eth0",
                                  .aliases = {"www"},
                                  .links = {"db:db"}},
                     .link = "plvef",
                     .servers = {"192.0.2.53"}}},
      .published = {
          {.container_port = 80, .protocol = "tcp", .host_ip = "::", .host_port = 65535}}};
  const auto again = decode_container(encode(record));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(encode(*again), encode(record));
  EXPECT_EQ(again->endpoints.front().endpoint.container_id, "c1");
}

TEST(Record, WhatIsWrongIsNamed) {
  EXPECT_EQ(decode_network("{}").error().subject, "id: missing");
  EXPECT_EQ(decode_network(R"({"id":7})").error().subject, "id: not a string");
  EXPECT_EQ(decode_network(R"({"id":"a","ipam":[7]})").error().subject, "subnet: not an object");
  EXPECT_EQ(
      decode_container(R"({"container":"c","published":[{"host_port":70000}]})").error().subject,
      "host_port: out of range");
  EXPECT_FALSE(decode_container(""));
}

TEST(Files, KeepsWholeRecordsAndTellsOfOthers) {
  const TempTree tree;
  const auto files = Files::open(tree.path() + "/a/b", Lasting::kMachine);
  ASSERT_TRUE(files) << files.error().message();
  ASSERT_TRUE(files->write("one", "1"));
  ASSERT_TRUE(files->write("two", "2"));
  ASSERT_TRUE(files->rename("two", "three"));
  tree.write("a/b/half.new", "never finished");
  tree.write("a/b/bad", "without a checksum\n");
  const auto loaded = files->load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->records.size(), 2U);
  EXPECT_EQ(loaded->records[0], (std::pair<std::string, std::string>("one", "1")));
  EXPECT_EQ(loaded->records[1].first, "three");
  ASSERT_EQ(loaded->damaged.size(), 1U);
  EXPECT_TRUE(loaded->damaged.front().starts_with("bad: no checksum"));
  EXPECT_TRUE(files->remove("one"));
  EXPECT_TRUE(files->remove("one")) << "done again, it is done";
}

TEST(ResolvConf, IsReadLineByLine) {
  const Resolving read = parse_resolv_conf(
      "# comment\nnameserver 192.0.2.1 ; here, too\n nameserver\tfe80::1%eth0\n"
      "nameserver 127.0.0.53\nsearch a.example b.example\noptions ndots:2 edns0\nnonsense\n");
  EXPECT_EQ(read.servers, (Strings{"192.0.2.1", "127.0.0.53"}));
  EXPECT_EQ(read.search, (Strings{"a.example", "b.example"}));
  EXPECT_EQ(without_loopback(read).servers, Strings{"192.0.2.1"});
  EXPECT_EQ(with_names(read).servers, Strings{"127.0.0.11"});
  EXPECT_EQ(with_names(read).options, (Strings{"edns0", "ndots:0"}));
  EXPECT_EQ(without_loopback({}).servers, (Strings{"8.8.8.8", "8.8.4.4"}));
}

TEST(ResolvConf, BehindAStubIsTheRealOne) {
  const TempTree tree{{"etc", "nameserver 127.0.0.53\n"}, {"run", "nameserver 192.0.2.7\n"}};
  EXPECT_EQ(host_resolving(tree.path() + "/etc", tree.path() + "/run").servers,
            Strings{"192.0.2.7"});
  EXPECT_EQ(host_resolving(tree.path() + "/etc", tree.path() + "/none").servers,
            Strings{"127.0.0.53"});
  EXPECT_TRUE(host_resolving(tree.path() + "/none", tree.path() + "/run").servers.empty());
}

TEST(Rules, PortsAreElementsOfTheMapOfTheirKind) {
  const Address web = *parse_address("172.18.0.2");
  const std::vector<PortRule> ports = {
      {.protocol = "tcp", .host_port = 80, .target = web, .target_port = 8080},
      {.protocol = "udp", .host_port = 53, .target = web, .target_port = 53},
      {.protocol = "tcp",
       .host = *parse_address("127.0.0.1"),
       .host_port = 81,
       .target = web,
       .target_port = 81},
      {.protocol = "tcp",
       .host = *parse_address("::"),
       .host_port = 80,
       .target = *parse_address("fd00::2"),
       .target_port = 8080}};
  EXPECT_EQ(add_ports_text("t", ports),
            "add element inet t any4 { tcp . 80 : 172.18.0.2 . 8080, udp . 53 : 172.18.0.2 . 53 }\n"
            "add element inet t any6 { tcp . 80 : fd00::2 . 8080 }\n"
            "add element inet t at4 { 127.0.0.1 . tcp . 81 : 172.18.0.2 . 81 }\n");
  EXPECT_EQ(delete_ports_text("t", {ports.front()}), "delete element inet t any4 { tcp . 80 }\n");
  EXPECT_EQ(add_ports_text("t", {}), "");
}

TEST(Rules, TheTableReplacesWhatItWas) {
  const std::string text =
      table_text("t",
                 {{.name = "pl-a", .subnets = {*parse_subnet("10.0.0.0/24")}},
                  {.name = "pl-b", .subnets = {*parse_subnet("10.0.1.0/24")}, .internal = true}},
                 {});
  EXPECT_TRUE(text.starts_with("add table inet t\ndelete table inet t\ntable inet t {\n"));
  EXPECT_NE(text.find("elements = { \"pl-a\", \"pl-b\" }"), std::string::npos);
  EXPECT_NE(text.find("ip saddr 10.0.0.0/24 oifname != \"pl-a\" masquerade"), std::string::npos);
  EXPECT_EQ(text.find("ip saddr 10.0.1.0/24"), std::string::npos) << "it leads nowhere";
}

}  // namespace
}  // namespace plimsoll::net
