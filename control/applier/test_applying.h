// For tests: policies on a made-up host.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "cgroupfs/limit/test_views.h"
#include "control/applier/policies.h"
#include "control/service/test_machine.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {

class Utc final : public policy::Zone {
 public:
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds) const override {
    return std::chrono::seconds(0);
  }
};

// An engine on a made-up v2 host with the containers /a and /b; jobs run when they are submitted.
class Applying : public testing::Test {
 protected:
  explicit Applying(const std::vector<std::string>& groups = {"/a", "/b"})
      : machine_(limit::ViewOf(2, groups).view()) {
    ::umask(022);
    ::chmod((tree_.path() + "/policy.d").c_str(), 0755);
    start();
  }

  void start() {
    policies_.reset();
    auto service = Service::open(store_, machine_, clock_);
    ASSERT_TRUE(service) << service.error().message();
    service_ = *std::move(service);
    (void)service_->start();
    const auto lane = [](const Worker::Job& job) -> Result<> {
      job();
      return {};
    };
    PolicyOptions options;
    options.directory = tree_.path() + "/policy.d";
    options.owner = ::geteuid();
    policies_ = std::make_unique<Policies>(*service_, machine_, Policies::Lanes{lane, lane}, clock_,
                                           zone_, options, [] {});
    (void)policies_->reload();
  }
  void rules(const std::string& text) {
    tree_.write("policy.d/a.yaml", text);
    ::chmod((tree_.path() + "/policy.d/a.yaml").c_str(), 0644);
    EXPECT_TRUE(policies_->reload().problems.empty());
  }
  [[nodiscard]] KnownGroup known(const std::string& path, std::uint64_t serial) {
    const auto view = *machine_.view({});
    KnownGroup group;
    group.cgroup.serial = serial;
    group.cgroup.path = path;
    group.cgroup.inode = view.groups[*view.index_of(path)].inode;
    inventory::Identity identity;
    identity.runtime = inventory::Runtime::kDocker;
    identity.cgroup = path;
    identity.id = "id of " + path;
    identity.name = identity.display = path.substr(1);
    group.identity = std::make_shared<const inventory::Identity>(identity);
    return group;
  }
  void appear() {
    GroupNews news;
    news.added = {known("/a", 1), known("/b", 2)};
    policies_->turn(news);
    settle();
  }
  void settle() {
    for (int i = 0; i < 3; ++i) policies_->turn({});
  }
  // Somebody else writes, and the tree says so.
  void foreign(const std::string& group, const std::string& file, const std::string& text) {
    machine_.write(group, file, text);
    GroupNews news;
    news.written = {known(group, group == "/a" ? 1 : 2)};
    policies_->turn(news);
    settle();
  }
  [[nodiscard]] std::string pids(const std::string& group) {
    return machine_.text(group, "pids.max");
  }

  TempTree tree_{{"policy.d/", ""}};
  FakeClock clock_;
  const Utc zone_;
  FakeStore store_;
  FakeMachine machine_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Policies> policies_;
};

}  // namespace plimsoll::control
