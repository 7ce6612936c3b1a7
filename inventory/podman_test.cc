// What podman's files and its socket say, rootful and rootless.
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

const std::string kPweb = "411cfad437352ac1e99b592e82ba29e7e133ce58cb808a9b1017bb5088cb0f03";
const std::string kPhost = "b7c7d832306458d68ff1b50d47aa1956666ea1bd45a0ef38d8c5bcac39587366";
const std::string kPside = "b55516e7ede476bf4ccf6b4afc266cbb4c96e5279e1c48f2a1fad4fdfa7118f2";
const std::string kInfra = "693fd5cbd607be4137fb8c71cd94cab1d940fb57fcac44696322fb8066158588";
const std::string kInpod = "07c9a02c904aa081ed6809fc77d5dba135353682d21816fd5cbf1271dff230a2";
const std::string kPod = "c22469632c22991c1f7e5b2f4d2fe9bd1a5fc86b1f6c729e52882d1dfe09a7f8";

TEST(PodmanRecord, HoldsAllButTheLabels) {
  InventoryOptions options;
  options.environment_prefixes = {"APP_"};
  RecordedHost host("podman", options);
  const IdentityPtr web = host.identify("/libpod_parent/libpod-" + kPweb);
  EXPECT_EQ(web->metadata, Metadata::kComplete);
  EXPECT_EQ(web->runtime, Runtime::kPodman);
  EXPECT_EQ(web->id, kPweb);
  EXPECT_EQ(web->name, "pweb");
  EXPECT_EQ(web->image, "localhost/bb:1");
  EXPECT_EQ(web->image_id, "fcbe58ccf73a3e23a59954bc8720d7f8b81b1ae859a140ba4fd713a27b6d4b2e");
  EXPECT_THAT(web->environment, ElementsAre(Pair("APP_VERSION", "1.2")));
  EXPECT_EQ(rfc3339(web->created.value()), "2026-11-20T23:55:21.780203348Z");
  EXPECT_TRUE(web->started.has_value());
  EXPECT_EQ(web->pid, 16509);
  EXPECT_TRUE(web->has_health_check);
  EXPECT_EQ(web->health, Health::kStarting);
  EXPECT_EQ(web->storage_driver, "overlay");
  EXPECT_EQ(web->upper_dir,
            "/var/lib/containers/storage/overlay/"
            "31999a431a9b305b5f9bd09a76e22fc2e22108f9f4283e9dcdcf4ae711d82a76/diff");
  EXPECT_THAT(web->labels, IsEmpty());
}

TEST(PodmanRecord, TellsWhoseNetworkItIs) {
  RecordedHost host("podman");
  EXPECT_EQ(host.identify("/libpod_parent/libpod-" + kPweb)->network, NetworkMode::kOwn);
  EXPECT_EQ(host.identify("/libpod_parent/libpod-" + kPhost)->network, NetworkMode::kHost);
  const IdentityPtr side = host.identify("/libpod_parent/libpod-" + kPside);
  EXPECT_EQ(side->network, NetworkMode::kContainer);
  EXPECT_EQ(side->network_owner, kPweb);
  const IdentityPtr inpod = host.identify("/libpod_parent/" + kPod + "/libpod-" + kInpod);
  EXPECT_EQ(inpod->network, NetworkMode::kContainer);
  EXPECT_EQ(inpod->network_owner, kInfra);
  EXPECT_FALSE(inpod->sandbox);
  const IdentityPtr infra = host.identify("/libpod_parent/" + kPod + "/libpod-" + kInfra);
  EXPECT_TRUE(infra->sandbox);
  EXPECT_EQ(infra->network, NetworkMode::kOwn);
}

TEST(PodmanRecord, LabelsComeFromTheSocketOnceAndStay) {
  TestHost host;
  host.tree.write("run/podman/podman.sock", "");
  const std::string storage = "var/lib/containers/storage/overlay-containers/";
  const auto list = [](const std::string& name) {
    return R"([{"id":")" + kIdA + R"(","names":[")" + name +
           R"("],"image":"00","layer":"11","metadata":"{\"image-name\":\"img\"}",)"
           R"("created":"2026-01-02T03:04:05Z"}])";
  };
  host.tree.write(storage + "containers.json", list("web"));
  host.tree.write(storage + kIdA + "/userdata/config.json", "{}");
  const std::string path = "/machine.slice/libpod-" + kIdA + ".scope";
  const IdentityPtr first = host.identify(1, path);
  EXPECT_EQ(first->name, "web");
  EXPECT_EQ(first->metadata, Metadata::kComplete) << "usable without the socket";
  ASSERT_EQ(host.asked.size(), 1U);
  EXPECT_EQ(host.asked[0].target, "/v4.0.0/libpod/containers/" + kIdA + "/json");
  host.inventory->answer(host.asked[0], R"({"Id":")" + kIdA + R"(","Name":"web","ImageName":"img",
        "Config":{"Labels":{"io.podman.compose.project":"shop"}},"RestartCount":2,
        "HostConfig":{"NetworkMode":"host"}})");
  const IdentityPtr second = host.identify(1, path);
  EXPECT_EQ(second->compose_project, "shop");
  EXPECT_EQ(second->restart_count, 2U);
  EXPECT_EQ(second->upper_dir, "/var/lib/containers/storage/overlay/11/diff");
  EXPECT_EQ(second->network, NetworkMode::kHost);
  host.replace(storage + "containers.json", list("renamed"));
  for (int i = 0; i < 100; ++i) {
    host.clock.advance(std::chrono::seconds(1));
    static_cast<void>(host.identify(1, path));
  }
  const IdentityPtr third = host.identify(1, path);
  EXPECT_EQ(third->name, "renamed");
  EXPECT_EQ(third->compose_project, "shop");
  EXPECT_EQ(third->restart_count, 2U);
  EXPECT_EQ(host.asked.size(), 1U) << "asked once";
}

// podman.socket enabled, or podman restarted, after us.
TEST(PodmanRecord, LabelsAreAskedForWhenTheSocketComesLaterOrFailsOnce) {
  TestHost host;
  const std::string storage = "var/lib/containers/storage/overlay-containers/";
  host.tree.write(storage + "containers.json", R"([{"id":")" + kIdA + R"(","names":["web"]}])");
  host.tree.write(storage + kIdA + "/userdata/config.json", "{}");
  host.tree.write("run/containers/storage/overlay-containers/" + kIdA + "/userdata/pidfile", "12");
  const std::string path = "/machine.slice/libpod-" + kIdA + ".scope";
  host.process(12, path);
  const auto wait = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      host.clock.advance(std::chrono::seconds(1));
      static_cast<void>(host.identify(1, path));
    }
  };
  static_cast<void>(host.identify(1, path));
  wait(60);
  EXPECT_THAT(host.asked, IsEmpty());
  host.tree.write("run/podman/podman.sock", "");
  wait(10);
  ASSERT_EQ(host.asked.size(), 1U);
  host.inventory->answer(host.asked[0], failure(ErrorKind::kNotOffered, "connect", "podman.sock"));
  wait(70);
  ASSERT_EQ(host.asked.size(), 2U);
  host.inventory->answer(host.asked[1],
                         R"({"Id":")" + kIdA + R"(","Name":"web","Config":{"Labels":{"k":"v"}}})");
  EXPECT_THAT(host.identify(1, path)->labels, ElementsAre(Pair("k", "v")));
  wait(3600);
  EXPECT_EQ(host.asked.size(), 2U);
}

TEST(PodmanRecord, AndTheSocketAgree) {
  RecordedHost host("podman");
  const IdentityPtr files = host.identify("/libpod_parent/libpod-" + kPweb);
  host.inventory->answer({1, "/run/podman/podman.sock", ""}, host.answer("pweb.json"));
  const IdentityPtr both =
      host.inventory->identify({.serial = 1, .path = "/libpod_parent/libpod-" + kPweb});
  EXPECT_EQ(both->name, files->name);
  EXPECT_EQ(both->image, files->image);
  EXPECT_EQ(both->image_id, files->image_id);
  EXPECT_EQ(both->created, files->created);
  EXPECT_EQ(both->pid, files->pid);
  EXPECT_EQ(both->upper_dir, files->upper_dir);
  EXPECT_EQ(both->storage_driver, files->storage_driver);
  EXPECT_EQ(both->health, files->health);
  EXPECT_THAT(both->labels,
              ElementsAre(Pair("app", "web"), Pair("com.docker.compose.project", "shop")));
  EXPECT_EQ(both->compose_project, "shop");
  EXPECT_EQ(both->network, NetworkMode::kNone) << "more than the files tell";
}

TEST(PodmanRecord, OneListIsReadOnceForAllContainers) {
  RecordedHost host("podman");
  static_cast<void>(host.identify("/libpod_parent/libpod-" + kPweb));
  const std::uint64_t one = host.inventory->stats().lookups;
  static_cast<void>(host.identify("/libpod_parent/libpod-" + kPhost));
  const std::uint64_t two = host.inventory->stats().lookups - one;
  EXPECT_EQ(two, one - 1);
}

TEST(PodmanRecord, RootlessIsFoundByTheUserInThePathAndInEveryLocalHome) {
  TestHost host;
  host.tree.write("etc/passwd",
                  "ann:x:1000:1000::/people/ann:/bin/sh\nbob:x:1001:1001::/people/bob:/bin/sh\n");
  const auto storage = [](const std::string& home) {
    return home + "/.local/share/containers/storage/overlay-containers/";
  };
  for (const auto& [home, id] : {std::pair{"people/ann", kIdA}, {"people/bob", kIdB}}) {
    host.tree.write(storage(home) + "volatile-containers.json",
                    R"([{"id":")" + id + R"(","names":["of-)" + home + R"("]}])");
    host.tree.write(storage(home) + id + "/userdata/config.json", "{}");
  }
  const std::string ann = "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-";
  EXPECT_EQ(host.identify(1, ann + kIdA + ".scope")->name, "of-people/ann");
  // cgroupfs driver: no user in the path.
  EXPECT_EQ(host.identify(2, "/somewhere/libpod-" + kIdB)->name, "of-people/bob");
  // Ann cannot borrow Bob's name.
  EXPECT_EQ(host.identify(3, ann + kIdB + ".scope")->name, "");
}

TEST(PodmanRecord, AHomeOnTheNetworkIsNotTouched) {
  TestHost host;
  host.tree.write("etc/passwd", "ann:x:1000:1000::/people/ann:/bin/sh\n");
  host.tree.write("people/ann/.local/share/containers/storage/overlay-containers/containers.json",
                  R"([{"id":")" + kIdA + R"(","names":["x"]}])");
  host.tree.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / " +
                                             host.tree.path() +
                                             "/people rw - nfs4 server:/people rw\n");
  EXPECT_EQ(host.identify(1, "/user.slice/user-1000.slice/user@1000.service/libpod-" + kIdA)->name,
            "");
}

// A rootless user owns these files and may put anything in their place.
TEST(PodmanRecord, AFifoInPlaceOfAFileStopsNobody) {
  TestHost host;
  host.tree.write("etc/passwd", "ann:x:1000:1000::/people/ann:/bin/sh\n");
  const std::string storage = "people/ann/.local/share/containers/storage/overlay-containers/";
  host.tree.write(storage, "");
  ASSERT_EQ(::mkfifo((host.tree.path() + "/" + storage + "containers.json").c_str(), 0600), 0);
  EXPECT_EQ(
      host.identify(1, "/user.slice/user-1000.slice/user@1000.service/libpod-" + kIdA)->metadata,
      Metadata::kPending);
}

}  // namespace
}  // namespace plimsoll::inventory
