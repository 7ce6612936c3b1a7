// What Docker's files and its socket say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "inventory/test_host.h"
#include "inventory/test_recorded_host.h"

namespace plimsoll::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::string kWeb = "79e17dabca3c5e34a2ff23cac151cac7f9c38c894eaec2da68b40c74c1a770ab";
const std::string kSidecar = "ac92790d2298428d4bcd8f8676f423eabac1cc7f648d48f9f4839152fde94b05";
const std::string kHostnet = "306cb262482840c484da74dd3621b75f512e90da8df2dfc201e78a6c5dcb2cd3";
const std::string kNonet = "74c38c19ce795a915ff57e84e8d9e2bb7a3099b069640c653130622961599ffc";
const std::string kCrashy = "8c5c20306d19e0e37ef8f37d0ba3abb682121bd071a17b549d0d31bce9111efb";

TEST(DockerRecord, HoldsEverything) {
  InventoryOptions options;
  options.environment_prefixes = {"APP_", "QUOTE", ""};
  RecordedHost host("docker", options);
  const IdentityPtr web = host.identify("/docker/" + kWeb);
  EXPECT_EQ(web->metadata, Metadata::kComplete);
  EXPECT_EQ(web->runtime, Runtime::kDocker);
  EXPECT_EQ(web->id, kWeb);
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->display, "web");
  EXPECT_EQ(web->image, "bb:1");
  EXPECT_EQ(web->image_id,
            "sha256:cda08928548ed7d6c92fd7f2183dba38b19cb87a989eee589addde0271f23420");
  EXPECT_THAT(web->labels, ElementsAre(Pair("com.docker.compose.project", "shop"),
                                       Pair("com.docker.compose.service", "web")));
  EXPECT_EQ(web->compose_project, "shop");
  EXPECT_EQ(web->compose_service, "web");
  EXPECT_THAT(web->environment,
              ElementsAre(Pair("APP_VERSION", "1.2"), Pair("QUOTE", "a=b \"c\"")));
  EXPECT_EQ(rfc3339(web->created.value()), "2026-11-20T23:53:08.230533351Z");
  EXPECT_EQ(rfc3339(web->started.value()), "2026-11-20T23:53:08.425368095Z");
  EXPECT_EQ(web->pid, 14522);
  EXPECT_TRUE(web->has_health_check);
  EXPECT_EQ(web->health, Health::kHealthy);
  EXPECT_EQ(web->network, NetworkMode::kOwn);
  EXPECT_EQ(web->storage_driver, "overlay2");
  EXPECT_EQ(web->upper_dir,
            "/var/lib/docker/overlay2/"
            "e3e66e9eaf3d8166f564788ec9224e03c3d9b1989705e13a389f06a1f37f5ce1/diff");
  EXPECT_EQ(web->log_path, "/var/lib/docker/containers/" + kWeb + "/" + kWeb + "-json.log");
  EXPECT_EQ(web->runtime_root, "/var/lib/docker");
  EXPECT_THAT(host.asked, IsEmpty());
}

TEST(DockerRecord, TellsWhoseNetworkItIs) {
  RecordedHost host("docker");
  const IdentityPtr sidecar = host.identify("/docker/" + kSidecar);
  EXPECT_EQ(sidecar->network, NetworkMode::kContainer);
  EXPECT_EQ(sidecar->network_owner, kWeb);
  EXPECT_EQ(host.identify("/docker/" + kHostnet)->network, NetworkMode::kHost);
  EXPECT_EQ(host.identify("/docker/" + kNonet)->network, NetworkMode::kNone);
}

TEST(DockerRecord, KeepsTheEnvironmentToItselfUnlessAllowed) {
  RecordedHost host("docker");
  EXPECT_THAT(host.identify("/docker/" + kWeb)->environment, IsEmpty());
}

TEST(DockerRecord, OfAStoppedContainerHasNoPidAndCountsRestarts) {
  RecordedHost host("docker");
  const IdentityPtr crashy = host.identify("/docker/" + kCrashy);
  EXPECT_EQ(crashy->name, "crashy");
  EXPECT_EQ(crashy->pid, std::nullopt);
  EXPECT_EQ(crashy->restart_count, 3U);
  EXPECT_FALSE(crashy->has_health_check);
}

TEST(DockerRecord, AndTheSocketSayTheSame) {
  RecordedHost by_file("docker");
  const IdentityPtr from_file = by_file.identify("/docker/" + kWeb);
  InventoryOptions elsewhere;
  elsewhere.docker_root = "/nowhere";
  RecordedHost by_socket("docker", elsewhere);
  static_cast<void>(by_socket.identify("/docker/" + kWeb));
  by_socket.inventory->answer({1, "/run/docker.sock", ""}, by_socket.answer("web.json"));
  Identity from_socket = *by_socket.inventory->identify({.serial = 1, .path = "/docker/" + kWeb});
  EXPECT_EQ(from_socket.runtime_root, "") << "the answer does not say";
  from_socket.runtime_root = from_file->runtime_root;
  EXPECT_TRUE(from_socket == *from_file);
}

TEST(DockerRecord, RootlessIsInTheUsersHome) {
  TestHost host;
  host.tree.write("etc/passwd",
                  "root:x:0:0::/root:/bin/sh\nbroken\nann:x:1000:1000::/people/ann:/bin/sh\n");
  host.tree.write("people/ann/.local/share/docker/containers/" + kIdA + "/config.v2.json",
                  docker_json({}));
  const IdentityPtr known = host.identify(
      1, "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kIdA + ".scope");
  EXPECT_EQ(known->name, "web");
  EXPECT_EQ(known->runtime_root, "/people/ann/.local/share/docker");
  EXPECT_EQ(host.identify(2, "/docker/" + kIdA)->name, "") << "a user's word counts for his own";
}

// The data root is often moved by a symbolic link; below /host it must not lead out of /host.
TEST(DockerRecord, FollowsALinkedDataRootInsideTheHostsRoot) {
  TestHost host;
  host.tree.write("data/docker/containers/" + kIdA + "/config.v2.json", docker_json({}));
  host.tree.write("var/lib/", "");
  ASSERT_EQ(::symlink("/data/docker", (host.tree.path() + "/var/lib/docker").c_str()), 0);
  EXPECT_EQ(host.identify(1, "/docker/" + kIdA)->name, "web");
}

TEST(DockerRecord, FindsTheSnapshotOfTheContainerdImageStoreInTheMounts) {
  TestHost host;
  std::string text = docker_json({.pid = 7});
  text.replace(text.find("overlay2"), 8, "overlayfs");
  host.tree.write(docker_file(kIdA), text);
  host.process(7, "/docker/" + kIdA);
  host.tree.write("proc/7/mountinfo",
                  "93 69 0:39 / / rw,relatime - overlay overlay rw,lowerdir=/l,"
                  "upperdir=/var/lib/containerd/snap\\040shots/7/fs,workdir=/w\n"
                  "94 93 0:42 / /proc rw - proc proc rw\n");
  EXPECT_EQ(host.identify(1, "/docker/" + kIdA)->upper_dir, "/var/lib/containerd/snap shots/7/fs");
}

}  // namespace
}  // namespace plimsoll::inventory
