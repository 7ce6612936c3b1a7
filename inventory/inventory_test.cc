// The cache: when records are looked for, looked for again, refreshed, asked for and dropped.
#include "inventory/inventory.h"

#include <gtest/gtest.h>

#include "inventory/test_host.h"

namespace plimsoll::inventory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kPathA = "/docker/" + kIdA;

TEST(InventoryCache, CompleteIdentitiesCostNothingBetweenRefreshes) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({.pid = 7}));
  host.process(7, kPathA);
  const IdentityPtr first = host.identify(1, kPathA);
  EXPECT_EQ(first->metadata, Metadata::kComplete);
  EXPECT_EQ(first->name, "web");
  const InventoryStats before = host.inventory->stats();
  EXPECT_GT(before.lookups, 0U);
  for (int i = 0; i < 1000; ++i) {
    host.clock.advance(milliseconds(1));
    EXPECT_EQ(host.identify(1, kPathA), first);
  }
  const InventoryStats after = host.inventory->stats();
  EXPECT_EQ(after.lookups, before.lookups);
  EXPECT_EQ(after.checks, before.checks);
  // The refresh is a look at the file's status, not a read.
  host.clock.advance(seconds(5));
  EXPECT_EQ(host.identify(1, kPathA), first);
  EXPECT_EQ(host.inventory->stats().lookups, before.lookups);
  EXPECT_EQ(host.inventory->stats().checks, before.checks + 1);
}

TEST(InventoryCache, KindsWithoutRecordsAreNeverLookedFor) {
  TestHost host;
  const std::vector<std::string> paths{"/", "/system.slice", "/system.slice/ssh.service",
                                       "/kubepods/burstable", "/a"};
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < paths.size(); ++i)
      EXPECT_EQ(host.identify(i + 1, paths[i])->metadata, Metadata::kComplete);
    host.clock.advance(seconds(60));
  }
  EXPECT_EQ(host.inventory->stats().lookups, 0U);
  EXPECT_EQ(host.inventory->stats().checks, 0U);
}

// cAdvisor looks once: a container whose record came a moment later stays without a name for ever.
TEST(InventoryRetry, FillsInARecordThatComesLate) {
  TestHost host;
  const IdentityPtr early = host.identify(1, kPathA);
  EXPECT_EQ(early->metadata, Metadata::kPending);
  EXPECT_EQ(early->runtime, Runtime::kDocker);
  EXPECT_EQ(early->id, kIdA);
  EXPECT_EQ(early->name, "");
  EXPECT_EQ(early->display, kIdA.substr(0, 12));
  EXPECT_EQ(host.inventory->stats().pending, 1U);
  host.tree.write(docker_file(kIdA), docker_json({}));
  EXPECT_EQ(host.identify(1, kPathA), early) << "not before its time";
  host.clock.advance(milliseconds(200));
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
  EXPECT_EQ(host.inventory->stats().pending, 0U);
}

TEST(InventoryRetry, GoesOnForEverAndBacksOff) {
  TestHost host;
  for (int second = 0; second < 3600; ++second) {
    EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kPending);
    host.clock.advance(seconds(1));
  }
  // 200 ms doubled to 30 s, then twice a minute: about 125 attempts an hour.
  EXPECT_GE(host.inventory->stats().lookups, 110U);
  EXPECT_LE(host.inventory->stats().lookups, 140U);
  // The runtime comes up an hour after us.
  host.tree.write(docker_file(kIdA), docker_json({}));
  host.clock.advance(seconds(30));
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
}

TEST(InventoryRetry, ARecordThatDoesNotParseIsCountedAndTriedAgain) {
  TestHost host;
  host.tree.write(docker_file(kIdA), "{\"ID\": tru");
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kPending);
  EXPECT_EQ(host.inventory->stats().failures, 1U);
  host.replace(docker_file(kIdA), docker_json({.id = kIdB}));  // Another container's.
  host.clock.advance(seconds(1));
  EXPECT_EQ(host.identify(1, kPathA)->metadata, Metadata::kPending);
  EXPECT_EQ(host.inventory->stats().failures, 2U);
  host.replace(docker_file(kIdA), docker_json({}));
  host.clock.advance(seconds(1));
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
}

// dockerd makes the cgroup first and writes "running" and the pid after.
TEST(InventoryRetry, ARecordOfTheRunBeforeIsLookedAtAgainSoon) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({.pid = 0, .running = "false"}));
  const IdentityPtr before = host.identify(1, kPathA);
  EXPECT_EQ(before->name, "web") << "named all the same";
  EXPECT_EQ(before->metadata, Metadata::kComplete);
  EXPECT_EQ(before->pid, std::nullopt);
  host.process(7, kPathA);
  host.replace(docker_file(kIdA), docker_json({.pid = 7, .restarts = 1}));
  host.clock.advance(milliseconds(200));
  const IdentityPtr after = host.identify(1, kPathA);
  EXPECT_EQ(after->pid, 7);
  EXPECT_EQ(after->restart_count, 1U);
}

TEST(InventoryRetry, APidOfAnotherGroupIsStale) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({.pid = 7}));
  host.process(7, "/system.slice/ssh.service");  // The number has been given away since.
  EXPECT_EQ(host.identify(1, kPathA)->pid, std::nullopt);
  host.process(8, kPathA + "/init.scope");  // systemd as init moves itself deeper.
  host.replace(docker_file(kIdA), docker_json({.pid = 8}));
  host.clock.advance(milliseconds(200));
  EXPECT_EQ(host.identify(1, kPathA)->pid, 8);
}

TEST(InventoryRefresh, SeesRenameHealthAndRestarts) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({.health = R"({"Status":"starting"})"}));
  const IdentityPtr first = host.identify(1, kPathA);
  EXPECT_TRUE(first->has_health_check);
  EXPECT_EQ(first->health, Health::kStarting);
  host.replace(
      docker_file(kIdA),
      docker_json({.name = "renamed", .health = R"({"Status":"unhealthy"})", .restarts = 3}));
  host.clock.advance(seconds(5));
  const IdentityPtr second = host.identify(1, kPathA);
  EXPECT_EQ(second->name, "renamed");
  EXPECT_EQ(second->display, "renamed");
  EXPECT_EQ(second->health, Health::kUnhealthy);
  EXPECT_EQ(second->restart_count, 3U);
  EXPECT_EQ(first->name, "web") << "identities do not change under their readers";
}

TEST(InventoryRefresh, KeepsWhatItKnowsWhenTheRecordIsRemovedFirst) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({}));
  const IdentityPtr known = host.identify(1, kPathA);
  host.tree.remove("var/lib/docker/containers");
  for (int i = 0; i < 10; ++i) {
    host.clock.advance(seconds(5));
    EXPECT_EQ(host.identify(1, kPathA), known);
  }
}

TEST(InventoryRefresh, AnUnchangedRecordGivesTheSameIdentityAgain) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({}));
  const IdentityPtr known = host.identify(1, kPathA);
  host.replace(docker_file(kIdA), docker_json({}));  // A health probe without a change.
  host.clock.advance(seconds(5));
  EXPECT_EQ(host.identify(1, kPathA), known);
}

TEST(InventoryForget, ANewGroupOfTheSamePathIsLookedAtAnew) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({}));
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
  host.inventory->forget(1);
  host.inventory->forget(1);  // Once more does no harm.
  host.replace(docker_file(kIdA), docker_json({.name = "again"}));
  EXPECT_EQ(host.identify(2, kPathA)->name, "again");
}

// Whoever may make groups inside a container, or in a user's own slice, can call one
// "docker-<id of another container>.scope".
TEST(InventoryProof, AGroupThatOnlyCopiesAnIdGetsNoName) {
  TestHost host;
  host.tree.write(docker_file(kIdA), docker_json({.pid = 7}));
  host.process(7, kPathA);
  EXPECT_EQ(host.identify(1, kPathA)->name, "web");
  const std::string inside = "/docker/" + kIdB + "/docker/" + kIdA;
  EXPECT_EQ(host.identify(2, inside)->name, "");
  EXPECT_EQ(host.identify(2, inside)->metadata, Metadata::kPending);
  const std::string users =
      "/user.slice/user-1000.slice/user@1000.service/docker-" + kIdA + ".scope";
  EXPECT_EQ(host.identify(3, users)->name, "");
  // A container started with another one's group as its parent proves itself by its process.
  host.process(7, inside);
  host.clock.advance(seconds(1));
  EXPECT_EQ(host.identify(2, inside)->name, "web");
}

TEST(InventoryProof, NamesInsideContainersAreNotLookedUpOnTheHost) {
  TestHost host;
  host.tree.write("var/lib/lxc/web/config", "lxc.uts.name = host-web\n");
  host.tree.write("run/systemd/machines/web", "NAME=web\nROOT=/var/lib/machines/web\n");
  EXPECT_EQ(host.identify(1, "/lxc/web")->name, "host-web");
  EXPECT_EQ(host.identify(2, "/docker/" + kIdA + "/lxc/web")->name, "web");
  EXPECT_EQ(host.identify(3, "/docker/" + kIdA + "/machine.slice/machine-web.scope")->upper_dir,
            "");
}

TEST(InventoryGuess, ABareIdIsWhoeverHasItsRecord) {
  TestHost host;
  // Kubernetes over Docker: the path is the same as over containerd.
  const std::string path = "/kubepods/burstable/pod3f6c8b1e-7c0a-4d8e-9a3b-5d2f1e0c9b8a/" + kIdA;
  EXPECT_EQ(host.identify(1, path)->runtime, Runtime::kContainerd);
  host.tree.write(docker_file(kIdA), docker_json({.name = "k8s_web"}));
  host.clock.advance(seconds(1));
  EXPECT_EQ(host.identify(1, path)->runtime, Runtime::kDocker);
  EXPECT_EQ(host.identify(1, path)->name, "k8s_web");
  // containerd below a parent that looks like Docker's.
  host.tree.write("run/containerd/io.containerd.runtime.v2.task/ns/" + kIdB + "/config.json",
                  R"({"annotations":{"nerdctl/name":"db"}})");
  const IdentityPtr other = host.identify(2, "/my-parent/" + kIdB);
  EXPECT_EQ(other->runtime, Runtime::kContainerd);
  EXPECT_EQ(other->name, kIdB);
  EXPECT_EQ(other->display, "db");
}

TEST(InventoryGuess, APodmanPodsOwnGroupIsNoContainer) {
  TestHost host;
  const std::string pod = "/my-parent/" + kIdB;
  EXPECT_FALSE(host.identify(1, pod)->is_container()) << "not for a moment";
  EXPECT_EQ(host.identify(1, pod)->metadata, Metadata::kPending);
  static_cast<void>(host.identify(2, pod + "/libpod-" + kIdA));
  host.clock.advance(seconds(1));
  const IdentityPtr known = host.identify(1, pod);
  EXPECT_EQ(known->runtime, Runtime::kCgroup);
  EXPECT_EQ(known->id, pod);
  EXPECT_EQ(known->metadata, Metadata::kComplete);
}

TEST(InventoryPods, APodIsNamedByItsContainers) {
  TestHost host;
  const std::string uid = "3f6c8b1e-7c0a-4d8e-9a3b-5d2f1e0c9b8a";
  const std::string pod = "/kubepods/burstable/pod" + uid;
  EXPECT_EQ(host.identify(1, pod)->display, "pod " + uid);
  host.tree.write("run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kIdA + "/config.json",
                  R"({"annotations":{"io.kubernetes.cri.container-type":"container",
                      "io.kubernetes.cri.sandbox-name":"web-0",
                      "io.kubernetes.cri.sandbox-namespace":"shop",
                      "io.kubernetes.cri.container-name":"nginx"}})");
  static_cast<void>(host.identify(2, pod + "/" + kIdA));
  host.clock.advance(seconds(5));
  const IdentityPtr named = host.identify(1, pod);
  EXPECT_EQ(named->runtime, Runtime::kKubernetes);
  EXPECT_EQ(named->pod_name, "web-0");
  EXPECT_EQ(named->pod_namespace, "shop");
  EXPECT_EQ(named->pod_container, "");
  EXPECT_FALSE(named->is_container());
}

}  // namespace
}  // namespace plimsoll::inventory
