#include "inventory/kept.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/test_host.h"

namespace plimsoll::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Kept : public ::testing::Test {
 protected:
  Kept() { host_.write("proc/self/mountinfo", ""); }

  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const Identity& identity : kept().list())
      names.push_back(std::string(name_of(identity.runtime)) + ":" + identity.display);
    return names;
  }
  KeptContainers& kept() {
    if (!kept_) {
      InventoryOptions options;
      options.host_root = host_.path();
      proc_ = *open_dir((host_.path() + "/proc").c_str());
      kept_ = std::make_unique<KeptContainers>(proc_, options);
    }
    return *kept_;
  }

  TempTree host_;
  DirFd proc_;
  std::unique_ptr<KeptContainers> kept_;
};

TEST_F(Kept, DockersOfWhateverState) {
  host_.write(docker_file(kIdA), docker_json({.running = "false"}));
  host_.write(docker_file(kIdB), docker_json({.id = kIdB, .name = "db"}));
  EXPECT_THAT(names(), UnorderedElementsAre("docker:web", "docker:db"));
  const Identity web = kept().list().front();
  EXPECT_EQ(web.id, kIdA);
  EXPECT_EQ(web.image, "img:1");
  EXPECT_EQ(web.labels.size(), 1U);
}

TEST_F(Kept, FollowsChangesAndRemovals) {
  host_.write(docker_file(kIdA), docker_json({.running = "false"}));
  EXPECT_THAT(names(), ElementsAre("docker:web"));
  host_.write(docker_file(kIdA), docker_json({.name = "renamed", .running = "false"}));
  EXPECT_THAT(names(), ElementsAre("docker:renamed"));
  host_.write(docker_file(kIdA), "{ torn");
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Kept, PodmansAlsoOfUsersButNotThoseOfPods) {
  const std::string list = "/storage/overlay-containers/containers.json";
  host_.write("var/lib/containers" + list,
              R"([{"id":")" + kIdA +
                  R"(","names":["pweb"],"image":"00","metadata":"{\"image-name\":\"bb:1\"}"},)"
                  R"({"id":")" +
                  kIdB + R"(","names":["k8s"],"metadata":"{\"pod-id\":\"77\"}"}])");
  host_.write("etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
  host_.write("home/ann/.local/share/containers" + list,
              R"([{"id":"cc","names":["theirs"]},{"id":"dd"}])");
  EXPECT_THAT(names(), UnorderedElementsAre("podman:pweb", "podman:theirs", "podman:dd"));
  EXPECT_THAT(kept().denied(), IsEmpty());
}

}  // namespace
}  // namespace plimsoll::inventory
