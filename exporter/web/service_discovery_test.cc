#include "exporter/web/service_discovery.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plimsoll::exporter {
namespace {

using inventory::NetworkMode;
using Labels = std::vector<std::pair<std::string, std::string>>;

inventory::Identity container(const std::string& name, Labels labels) {
  inventory::Identity identity;
  identity.runtime = inventory::Runtime::kDocker;
  identity.cgroup = "/docker/" + name;
  identity.id = name + "-id";
  identity.name = name;
  identity.display = name;
  identity.pid = 7;
  identity.network = NetworkMode::kOwn;
  identity.labels = std::move(labels);
  return identity;
}

struct Found {
  nlohmann::json targets;
  std::vector<Discovery::Skipped> skipped;
};

Found find(std::vector<inventory::Identity> identities,
           const std::vector<std::string>& addresses = {"172.17.0.2", "10.0.0.2"}) {
  Snapshot snapshot;
  for (inventory::Identity& identity : identities) {
    Row row;
    row.identity = std::make_shared<const inventory::Identity>(std::move(identity));
    snapshot.rows.push_back(std::move(row));
  }
  Discovery found = discover(
      snapshot,
      [&](const inventory::Identity&) -> Result<std::vector<std::string>> { return addresses; },
      "node1");
  return {nlohmann::json::parse(found.targets), std::move(found.skipped)};
}

TEST(Discovery, FindsWhoDeclaresAPort) {
  const Found found = find({container("web", {{"com.example/team", "a\"b"},
                                              {"prometheus.io/path", "stats"},
                                              {"prometheus.io/port", "9100"},
                                              {"prometheus.io/scheme", "https"}}),
                            container("quiet", {})});
  ASSERT_EQ(found.targets.size(), 1U);
  EXPECT_EQ(found.targets[0]["targets"], nlohmann::json::array({"172.17.0.2:9100"}));
  const auto& labels = found.targets[0]["labels"];
  EXPECT_EQ(labels["__scheme__"], "https");
  EXPECT_EQ(labels["__metrics_path__"], "/stats");
  EXPECT_EQ(labels["__meta_docker_container_name"], "/web");
  EXPECT_EQ(labels["__meta_docker_container_id"], "web-id");
  EXPECT_EQ(labels["__meta_docker_container_label_com_example_team"], "a\"b");
  EXPECT_EQ(labels["__meta_docker_container_label_prometheus_io_port"], "9100");
  EXPECT_EQ(labels["__meta_docker_network_ip"], "172.17.0.2");
  EXPECT_EQ(labels["__meta_docker_port_private"], "9100");
  EXPECT_EQ(labels["__meta_plimsoll_runtime"], "docker");
  EXPECT_TRUE(found.skipped.empty());
}

TEST(Discovery, OfNobodyIsAnEmptyArray) {
  EXPECT_EQ(find({}).targets, nlohmann::json::array());
  inventory::Identity service = container("unit", {{"prometheus.io/port", "1"}});
  service.runtime = inventory::Runtime::kSystemd;
  EXPECT_EQ(find({service, container("off", {{"prometheus.io/port", "1"},
                                             {"prometheus.io/scrape", "false"}})})
                .targets,
            nlohmann::json::array());
}

TEST(Discovery, HasATargetPerPort) {
  const Found found =
      find({container("web", {{"prometheus.io/port", "80, 81"}, {"prometheus.io/scrape", "true"}})},
           {"fd00::2"});
  ASSERT_EQ(found.targets.size(), 2U);
  EXPECT_EQ(found.targets[0]["targets"][0], "[fd00::2]:80");
  EXPECT_EQ(found.targets[1]["targets"][0], "[fd00::2]:81");
  EXPECT_EQ(found.targets[1]["labels"]["__metrics_path__"], "/metrics");
}

TEST(Discovery, InTheHostsNetworkIsWhereWeAre) {
  inventory::Identity host = container("node", {{"prometheus.io/port", "9100"}});
  host.network = NetworkMode::kHost;
  host.pid.reset();
  const Found found = find({host});
  ASSERT_EQ(found.targets.size(), 1U);
  EXPECT_EQ(found.targets[0]["targets"][0], "node1:9100");
  EXPECT_FALSE(found.targets[0]["labels"].contains("__meta_docker_network_ip"));
  EXPECT_EQ(found.targets[0]["labels"]["__meta_docker_container_network_mode"], "host");
}

TEST(Discovery, SaysWhomItLeftOutAndWhy) {
  inventory::Identity nonet = container("nonet", {{"prometheus.io/port", "1"}});
  nonet.network = NetworkMode::kNone;
  inventory::Identity ended = container("ended", {{"prometheus.io/port", "1"}});
  ended.pid.reset();
  const Found found =
      find({container("word", {{"prometheus.io/port", "http"}}),
            container("zero", {{"prometheus.io/port", "1,0"}}),
            container("big", {{"prometheus.io/port", "65536"}}),
            container("ftp", {{"prometheus.io/port", "1"}, {"prometheus.io/scheme", "ftp"}}), nonet,
            ended});
  EXPECT_TRUE(found.targets.empty());
  ASSERT_EQ(found.skipped.size(), 6U);
  EXPECT_EQ(found.skipped[0].reason, "prometheus.io/port: 'http' is no port");
  const auto json = nlohmann::json::parse(to_json(found.skipped));
  EXPECT_EQ(json[4]["container"], "nonet");
  EXPECT_EQ(json[4]["reason"], "it has no network");
}

TEST(Discovery, WithoutAnAddressIsLeftOut) {
  const Found found = find({container("web", {{"prometheus.io/port", "1"}})}, {});
  EXPECT_TRUE(found.targets.empty());
  EXPECT_EQ(found.skipped.size(), 1U);
}

TEST(HostName, IsWhatStandsBeforeThePort) {
  EXPECT_EQ(host_name("node1:7546"), "node1");
  EXPECT_EQ(host_name("node1"), "node1");
  EXPECT_EQ(host_name("10.0.0.1:80"), "10.0.0.1");
  EXPECT_EQ(host_name("[fd00::1]:80"), "[fd00::1]");
  EXPECT_EQ(host_name("[fd00::1]"), "[fd00::1]");
  EXPECT_EQ(host_name(""), "localhost");
  EXPECT_EQ(host_name("a b"), "localhost");
  EXPECT_EQ(host_name("<x>:1"), "localhost");
}

}  // namespace
}  // namespace plimsoll::exporter
