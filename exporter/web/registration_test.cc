#include "exporter/web/registration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plimsoll::exporter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Labels = std::vector<std::pair<std::string, std::string>>;

inventory::Identity container(const std::string& id, Labels labels = {}) {
  inventory::Identity identity;
  identity.runtime = inventory::Runtime::kDocker;
  identity.cgroup = "/docker/" + id;
  identity.id = id;
  identity.name = id + "-name";
  identity.display = identity.name;
  identity.image = "web:1";
  identity.pid = 7;
  identity.network = inventory::NetworkMode::kOwn;
  identity.labels = std::move(labels);
  return identity;
}

class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() {
    facts_.node = "n1";
    facts_.address = "n1.example.com:7546";
    facts_.cgroup_mode = "v2";
    options_.prefix = "/p";
    options_.max_containers = 3;
  }

  // Tells of these at this second.
  void update(const std::vector<inventory::IdentityPtr>& identities, int second = 0) {
    if (!registration_)
      registration_.emplace(options_, facts_, "n1.example.com",
                            [this](const inventory::Identity&) -> Result<std::vector<std::string>> {
                              ++asked_;
                              return addresses_;
                            });
    Snapshot snapshot;
    snapshot.taken = MonoTime(std::chrono::seconds(1000 + second));
    for (const auto& identity : identities) {
      Row row;
      row.identity = identity;
      snapshot.rows.push_back(std::move(row));
    }
    registration_->update(&snapshot, entries_);
  }
  json value(const std::string& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? json() : json::parse(*found->second);
  }
  static inventory::IdentityPtr shared(inventory::Identity identity) {
    return std::make_shared<const inventory::Identity>(std::move(identity));
  }

  RegistrationOptions options_;
  NodeFacts facts_;
  std::vector<std::string> addresses_ = {"172.17.0.2"};
  int asked_ = 0;
  std::optional<Registration> registration_;
  Registration::Entries entries_;
};

TEST_F(RegistrationTest, TellsOfTheHostBeforeThereIsASnapshot) {
  Registration registration(options_, facts_, "h", {});
  registration.update(nullptr, entries_);
  ASSERT_EQ(entries_.size(), 1U);
  const json node = value("/p/nodes/n1");
  EXPECT_EQ(node["address"], "n1.example.com:7546");
  EXPECT_EQ(node["version"], PLIMSOLL_VERSION);
  ASSERT_EQ(node["targets"].size(), 1U);
  EXPECT_EQ(node["targets"][0]["targets"], json::array({"n1.example.com:7546"}));
  const json& labels = node["targets"][0]["labels"];
  EXPECT_EQ(labels["__scheme__"], "http");
  EXPECT_EQ(labels["__metrics_path__"], "/metrics");
  EXPECT_EQ(labels["__meta_plimsoll_node"], "n1");
  EXPECT_EQ(labels["__meta_plimsoll_cgroup_mode"], "v2");
  EXPECT_FALSE(labels.contains("__meta_plimsoll_machine_id"));  // Unknown is absent.
}

TEST_F(RegistrationTest, TellsOfContainersAsTheyComeAndGo) {
  const auto web = shared(container("web", {{"prometheus.io/port", "9100"}}));
  const auto quiet = shared(container("quiet"));
  inventory::Identity pause = container("pause");
  pause.sandbox = true;
  inventory::Identity service = container("svc");
  service.runtime = inventory::Runtime::kSystemd;
  update({web, quiet, shared(pause), shared(service), nullptr});
  EXPECT_EQ(entries_.size(), 3U);
  const json told = value("/p/containers/n1/web");
  EXPECT_EQ(told["name"], "web-name");
  EXPECT_EQ(told["image"], "web:1");
  EXPECT_EQ(told["runtime"], "docker");
  ASSERT_EQ(told["targets"].size(), 1U);
  EXPECT_EQ(told["targets"][0]["targets"], json::array({"172.17.0.2:9100"}));
  EXPECT_EQ(told["targets"][0]["labels"]["__meta_plimsoll_node"], "n1");
  EXPECT_EQ(value("/p/containers/n1/quiet")["targets"], json::array());
  update({quiet});
  EXPECT_EQ(entries_.size(), 2U);
  EXPECT_TRUE(value("/p/containers/n1/web").is_null());
}

TEST_F(RegistrationTest, AsksForAddressesNowAndThen) {
  const auto web = shared(container("web", {{"prometheus.io/port", "80"}}));
  update({web}, 0);
  update({web}, 1);
  EXPECT_EQ(asked_, 1);
  const auto before = entries_.at("/p/containers/n1/web");
  update({web}, 30);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(entries_.at("/p/containers/n1/web"), before);  // The same string: nothing to write.
  addresses_ = {"10.0.0.9"};
  update({web}, 60);
  EXPECT_THAT(*entries_.at("/p/containers/n1/web"), HasSubstr("10.0.0.9:80"));
}

TEST_F(RegistrationTest, AsksSoonWhereThereIsNoAddressYet) {
  const auto web = shared(container("web", {{"prometheus.io/port", "80"}}));
  addresses_.clear();
  update({web}, 0);
  EXPECT_THAT(value("/p/containers/n1/web")["not_a_target"], "it has no address");
  addresses_ = {"10.0.0.9"};
  update({web}, 1);
  const json told = value("/p/containers/n1/web");
  EXPECT_EQ(told["targets"].size(), 1U);
  EXPECT_FALSE(told.contains("not_a_target"));
}

TEST_F(RegistrationTest, ContainersInTheHostsNetworkAreAtTheHost) {
  inventory::Identity web = container("web", {{"prometheus.io/port", "80"}});
  web.network = inventory::NetworkMode::kHost;
  update({shared(web)});
  EXPECT_THAT(*entries_.at("/p/containers/n1/web"), HasSubstr("n1.example.com:80"));
}

TEST_F(RegistrationTest, TellsOnlyOfThoseAskedFor) {
  const auto web = shared(container("web", {{"prometheus.io/port", "80"}}));
  const auto quiet = shared(container("quiet"));
  options_.containers = Registered::kDeclared;
  update({web, quiet});
  EXPECT_EQ(entries_.size(), 2U);
  EXPECT_FALSE(value("/p/containers/n1/web").is_null());
  registration_.reset();
  entries_.clear();
  options_.containers = Registered::kNone;
  update({web, quiet});
  EXPECT_EQ(entries_.size(), 1U);
}

TEST_F(RegistrationTest, HasABoundAndCountsWhatItLeavesOut) {
  std::vector<inventory::IdentityPtr> many;
  for (const char* id : {"a", "b", "c", "d", "e"}) many.push_back(shared(container(id)));
  inventory::Identity nested = container("x");
  nested.id = "a/b";  // Would be a key below another's.
  many.push_back(shared(nested));
  update(many);
  EXPECT_EQ(entries_.size(), 4U);
  EXPECT_EQ(registration_->left_out(), 2U);
}

TEST_F(RegistrationTest, LeavesOutWhatDoesNotFitIntoAKey) {
  options_.max_value = 1000;
  update(
      {shared(container("a", {{"prometheus.io/port", "80"}, {"large", std::string(2000, 'x')}}))});
  EXPECT_EQ(entries_.size(), 1U);
  EXPECT_EQ(registration_->left_out(), 1U);
  update({shared(container("a"))});
  EXPECT_EQ(entries_.size(), 2U);
  EXPECT_EQ(registration_->left_out(), 0U);
}

}  // namespace
}  // namespace plimsoll::exporter
