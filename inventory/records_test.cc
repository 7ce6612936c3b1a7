// What each runtime's files say, from recorded hosts (tests/fixtures/inventory) and from texts of
// the documented shape where the runtime cannot be run here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "inventory/inventory.h"
#include "inventory/test_host.h"

namespace plimsoll::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A recorded host: the directory is its root.
class RecordedHost {
 public:
  explicit RecordedHost(const std::string& name, InventoryOptions options = {}) {
    root = std::string(PLIMSOLL_FIXTURES) + "/" + name;
    options.host_root = root;
    proc_ = std::move(*open_dir((root + "/proc").c_str()));
    inventory = Inventory::create(proc_, clock, std::move(options),
                                  [this](Question question) { asked.push_back(question); });
  }
  IdentityPtr identify(const std::string& path) {
    cgroupfs::Cgroup cgroup;
    cgroup.serial = ++serial_;
    cgroup.path = path;
    return inventory->identify(cgroup);
  }
  [[nodiscard]] std::string answer(const std::string& name) const {
    const DirFd dir = std::move(*open_dir((root + "/answers").c_str()));
    return read_file(dir, name);
  }

  std::string root;
  FakeClock clock;
  std::vector<Question> asked;
  std::unique_ptr<Inventory> inventory;

 private:
  static std::string read_file(const DirFd& dir, const std::string& name);
  DirFd proc_;
  std::uint64_t serial_ = 0;
};

std::string RecordedHost::read_file(const DirFd& dir, const std::string& name) {
  const Fd fd = std::move(*open_at(dir, name.c_str(), O_RDONLY));
  std::string text(1 << 16, '\0');
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  text.resize(static_cast<std::size_t>(n));
  return text;
}

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
  Identity from_socket = *by_socket.inventory->identify({1, "/docker/" + kWeb, {}, {}});
  EXPECT_EQ(from_socket.runtime_root, "") << "the answer does not say";
  from_socket.runtime_root = from_file->runtime_root;
  EXPECT_TRUE(from_socket == *from_file);
}

TEST(DockerRecord, RootlessIsInTheUsersHome) {
  TestHost host;
  host.tree.write("etc/passwd",
                  "root:x:0:0::/root:/bin/sh\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n");
  host.tree.write("home/ann/.local/share/docker/containers/" + kIdA + "/config.v2.json",
                  docker_json({}));
  const IdentityPtr known = host.identify(
      1, "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kIdA + ".scope");
  EXPECT_EQ(known->name, "web");
  EXPECT_EQ(known->runtime_root, "/home/ann/.local/share/docker");
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
  const IdentityPtr both = host.inventory->identify({1, "/libpod_parent/libpod-" + kPweb, {}, {}});
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
                  "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n");
  const auto storage = [](const std::string& home) {
    return home + "/.local/share/containers/storage/overlay-containers/";
  };
  for (const auto& [home, id] : {std::pair{"home/ann", kIdA}, {"home/bob", kIdB}}) {
    host.tree.write(storage(home) + "volatile-containers.json",
                    R"([{"id":")" + id + R"(","names":["of-)" + home + R"("]}])");
    host.tree.write(storage(home) + id + "/userdata/config.json", "{}");
  }
  const std::string ann = "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-";
  EXPECT_EQ(host.identify(1, ann + kIdA + ".scope")->name, "of-home/ann");
  // cgroupfs driver: no user in the path.
  EXPECT_EQ(host.identify(2, "/somewhere/libpod-" + kIdB)->name, "of-home/bob");
  // Ann cannot borrow Bob's name.
  EXPECT_EQ(host.identify(3, ann + kIdB + ".scope")->name, "");
}

TEST(PodmanRecord, AHomeOnTheNetworkIsNotTouched) {
  TestHost host;
  host.tree.write("etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
  host.tree.write("home/ann/.local/share/containers/storage/overlay-containers/containers.json",
                  R"([{"id":")" + kIdA + R"(","names":["x"]}])");
  host.tree.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / " +
                                             host.tree.path() +
                                             "/home rw - nfs4 server:/home rw\n");
  EXPECT_EQ(host.identify(1, "/user.slice/user-1000.slice/user@1000.service/libpod-" + kIdA)->name,
            "");
}

// A rootless user owns these files and may put anything in their place.
TEST(PodmanRecord, AFifoInPlaceOfAFileStopsNobody) {
  TestHost host;
  host.tree.write("etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
  const std::string storage = "home/ann/.local/share/containers/storage/overlay-containers/";
  host.tree.write(storage, "");
  ASSERT_EQ(::mkfifo((host.tree.path() + "/" + storage + "containers.json").c_str(), 0600), 0);
  EXPECT_EQ(
      host.identify(1, "/user.slice/user-1000.slice/user@1000.service/libpod-" + kIdA)->metadata,
      Metadata::kPending);
}

const std::string kTasks = "run/containerd/io.containerd.runtime.v2.task/";
const std::string kUid = "3f6c8b1e-7c0a-4d8e-9a3b-5d2f1e0c9b8a";

TEST(ContainerdRecord, OfAnyNameIsFoundByItsBundle) {
  InventoryOptions options;
  options.environment_prefixes = {"A"};
  RecordedHost host("containerd", options);
  const IdentityPtr task = host.identify("/default/t1");
  EXPECT_EQ(task->runtime, Runtime::kContainerd);
  EXPECT_EQ(task->metadata, Metadata::kComplete);
  EXPECT_EQ(task->id, "t1");
  EXPECT_EQ(task->name, "t1");
  EXPECT_EQ(task->pid, 18947);
  EXPECT_THAT(task->labels, ElementsAre(Pair("app", "x")));
  EXPECT_THAT(task->environment, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(task->network, NetworkMode::kOwn);
  EXPECT_THAT(task->upper_dir, ::testing::EndsWith("/fs"));
  EXPECT_EQ(host.identify("/default/other")->runtime, Runtime::kCgroup);
}

TEST(ContainerdRecord, KnowsThePod) {
  TestHost host;
  const std::string pod =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
      "3f6c8b1e_7c0a_4d8e_9a3b_5d2f1e0c9b8a.slice/cri-containerd-";
  host.tree.write(kTasks + "k8s.io/" + kIdA + "/config.json",
                  R"({"annotations":{"io.kubernetes.cri.container-type":"sandbox",
                      "io.kubernetes.cri.sandbox-id":")" +
                      kIdA + R"(",
                      "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_web-0_x",
                      "io.kubernetes.cri.sandbox-name":"web-0",
                      "io.kubernetes.cri.sandbox-namespace":"shop",
                      "io.kubernetes.cri.sandbox-uid":")" +
                      kUid + R"("},
                      "linux":{"namespaces":[{"type":"network","path":"/run/netns/cni-1"}]}})");
  host.tree.write(kTasks + "k8s.io/" + kIdB + "/config.json",
                  R"({"annotations":{"io.kubernetes.cri.container-type":"container",
                      "io.kubernetes.cri.container-name":"nginx",
                      "io.kubernetes.cri.image-name":"docker.io/library/nginx:1.27",
                      "io.kubernetes.cri.sandbox-id":")" +
                      kIdA + R"(",
                      "io.kubernetes.cri.sandbox-name":"web-0",
                      "io.kubernetes.cri.sandbox-namespace":"shop",
                      "io.kubernetes.cri.sandbox-uid":")" +
                      kUid + R"("},
                      "process":{"env":["PATH=/bin","SECRET=x"]},
                      "linux":{"namespaces":[{"type":"network","path":"/proc/11/ns/net"}]}})");
  host.tree.write(kTasks + "k8s.io/" + kIdB + "/init.pid", "12");
  host.process(12, pod + kIdB + ".scope");
  const IdentityPtr sandbox = host.identify(1, pod + kIdA + ".scope");
  EXPECT_TRUE(sandbox->sandbox);
  EXPECT_EQ(sandbox->network, NetworkMode::kOwn);
  EXPECT_EQ(sandbox->pod_name, "web-0");
  EXPECT_EQ(sandbox->pod_container, "");
  EXPECT_EQ(sandbox->display, "web-0");
  EXPECT_EQ(sandbox->log_path, "/var/log/pods/shop_web-0_x");
  const IdentityPtr nginx = host.identify(2, pod + kIdB + ".scope");
  EXPECT_EQ(nginx->metadata, Metadata::kComplete);
  EXPECT_EQ(nginx->name, kIdB) << "as cAdvisor names them";
  EXPECT_EQ(nginx->display, "web-0/nginx");
  EXPECT_EQ(nginx->image, "docker.io/library/nginx:1.27");
  EXPECT_EQ(nginx->pod_uid, kUid);
  EXPECT_EQ(nginx->pod_namespace, "shop");
  EXPECT_EQ(nginx->pod_container, "nginx");
  EXPECT_EQ(nginx->network, NetworkMode::kContainer);
  EXPECT_EQ(nginx->network_owner, kIdA);
  EXPECT_EQ(nginx->pid, 12);
  EXPECT_TRUE(nginx->started.has_value());
  EXPECT_FALSE(nginx->sandbox);
  EXPECT_THAT(nginx->environment, IsEmpty());
  EXPECT_THAT(nginx->labels, ElementsAre(Pair("io.cri-containerd.kind", "container"),
                                         Pair("io.kubernetes.container.name", "nginx"),
                                         Pair("io.kubernetes.pod.name", "web-0"),
                                         Pair("io.kubernetes.pod.namespace", "shop"),
                                         Pair("io.kubernetes.pod.uid", kUid)));
}

TEST(ContainerdRecord, WaitsForThePidThatComesAfterTheGroup) {
  TestHost host;
  const std::string path = "/default/" + kIdA;
  host.tree.write(kTasks + "default/" + kIdA + "/config.json", "{}");
  EXPECT_EQ(host.identify(1, path)->pid, std::nullopt);
  host.tree.write(kTasks + "default/" + kIdA + "/init.pid", "12");
  host.process(12, path);
  host.clock.advance(std::chrono::milliseconds(200));
  EXPECT_EQ(host.identify(1, path)->pid, 12);
}

TEST(ContainerdRecord, DockersOwnBundlesAreLeftToDocker) {
  TestHost host;
  host.tree.write(kTasks + "moby/" + kIdA + "/config.json", "{}");
  EXPECT_EQ(host.identify(1, "/my-parent/" + kIdA)->metadata, Metadata::kPending);
}

TEST(ContainerdRecord, NerdctlSaysNameLabelsAndNetwork) {
  TestHost host;
  host.tree.write(kTasks + "default/" + kIdA + "/config.json",
                  R"({"annotations":{"nerdctl/name":"db","nerdctl/namespace":"default",
                      "nerdctl/networks":"[\"host\"]","com.docker.compose.project":"shop"},
                      "linux":{"namespaces":[{"type":"network"}]}})");
  const IdentityPtr db = host.identify(1, "/system.slice/nerdctl-" + kIdA + ".scope");
  EXPECT_EQ(db->display, "db");
  EXPECT_EQ(db->compose_project, "shop");
  EXPECT_EQ(db->network, NetworkMode::kHost);
  EXPECT_THAT(db->labels, ElementsAre(Pair("com.docker.compose.project", "shop")));
}

TEST(CrioRecord, IsInTheAnnotations) {
  TestHost host;
  const std::string storage = "var/lib/containers/storage/overlay-containers/";
  host.tree.write(storage + "containers.json",
                  R"([{"id":")" + kIdB +
                      R"(","names":["k8s_nginx_web-0_shop_uid_0"],"image":"beef","layer":"cafe",
                      "metadata":"{\"image-name\":\"quay.io/nginx:1\"}"}])");
  host.tree.write(storage + kIdB + "/userdata/config.json",
                  R"({"annotations":{"io.container.manager":"cri-o",
                      "io.kubernetes.container.name":"nginx","io.kubernetes.pod.name":"web-0",
                      "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":")" +
                      kUid +
                      R"(","io.kubernetes.cri-o.Name":"k8s_nginx_web-0_shop_uid_0",
                      "io.kubernetes.cri-o.ImageName":"quay.io/nginx:1",
                      "io.kubernetes.cri-o.ContainerType":"container",
                      "io.kubernetes.cri-o.Created":"2026-01-02T03:04:05.25Z",
                      "io.kubernetes.cri-o.LogPath":"/var/log/pods/nginx/0.log",
                      "io.kubernetes.cri-o.SandboxID":")" +
                      kIdA + R"(",
                      "io.kubernetes.cri-o.Labels":"{\"app\":\"web\"}"},
                      "linux":{"namespaces":[{"type":"network","path":"/run/netns/x"}]}})");
  host.tree.write("run/containers/storage/overlay-containers/" + kIdB + "/userdata/pidfile", "12");
  const std::string path =
      "/kubepods.slice/kubepods-pod3f6c8b1e_7c0a_4d8e_9a3b_5d2f1e0c9b8a.slice/"
      "crio-" +
      kIdB + ".scope";
  host.process(12, path);
  const IdentityPtr nginx = host.identify(1, path);
  EXPECT_EQ(nginx->runtime, Runtime::kCrio);
  EXPECT_EQ(nginx->name, "k8s_nginx_web-0_shop_uid_0");
  EXPECT_EQ(nginx->display, "web-0/nginx");
  EXPECT_EQ(nginx->image, "quay.io/nginx:1");
  EXPECT_EQ(nginx->pod_namespace, "shop");
  EXPECT_EQ(nginx->pid, 12);
  EXPECT_EQ(nginx->log_path, "/var/log/pods/nginx/0.log");
  EXPECT_EQ(rfc3339(nginx->created.value()), "2026-01-02T03:04:05.250000000Z");
  EXPECT_EQ(nginx->network, NetworkMode::kContainer);
  EXPECT_EQ(nginx->network_owner, kIdA);
  EXPECT_EQ(nginx->labels.front(), (std::pair<std::string, std::string>("app", "web")));
  EXPECT_THAT(host.asked, IsEmpty());
}

TEST(CrioRecord, CanBeAskedFor) {
  TestHost host;
  host.tree.write("run/crio/crio.sock", "");
  const std::string path = "/kubepods/pod" + kUid + "/crio-" + kIdB;
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(host.identify(1, path));
    host.clock.advance(std::chrono::seconds(1));
  }
  ASSERT_EQ(host.asked.size(), 1U);
  EXPECT_EQ(host.asked[0].target, "/containers/" + kIdB);
  host.inventory->answer(host.asked[0],
                         R"({"name":"k8s_nginx","image":"img","created_time":1700000000000000000,
                             "labels":{"io.kubernetes.pod.name":"web-0",
                             "io.kubernetes.container.name":"nginx"},"sandbox":")" +
                             kIdA + R"("})");
  const IdentityPtr nginx = host.identify(1, path);
  EXPECT_EQ(nginx->name, "k8s_nginx");
  EXPECT_EQ(nginx->pod_name, "web-0");
  EXPECT_EQ(nginx->network_owner, kIdA);
  EXPECT_TRUE(nginx->created.has_value());
}

TEST(LxcRecord, IsItsConfiguration) {
  InventoryOptions options;
  options.environment_prefixes = {"APP_"};
  TestHost host(options);
  host.tree.write("var/lib/lxc/c1/config",
                  "# made by lxc-create\nlxc.include = /usr/share/lxc/config/common.conf\n"
                  "lxc.rootfs.path = dir:/var/lib/lxc/c1/rootfs\nlxc.uts.name = c1\n"
                  "lxc.net.0.type = veth\nlxc.environment = APP_X=1\nlxc.environment = PW=2\n");
  const IdentityPtr c1 = host.identify(1, "/lxc.payload.c1");
  EXPECT_EQ(c1->metadata, Metadata::kComplete);
  EXPECT_EQ(c1->name, "c1");
  EXPECT_EQ(c1->upper_dir, "/var/lib/lxc/c1/rootfs");
  EXPECT_EQ(c1->network, NetworkMode::kOwn);
  EXPECT_THAT(c1->environment, ElementsAre(Pair("APP_X", "1")));
  host.tree.write("run/incus/c2/lxc.conf", "lxc.net.0.type = none\n");
  EXPECT_EQ(host.identify(2, "/lxc.payload.c2")->network, NetworkMode::kHost);
}

TEST(NspawnRecord, IsTheMachineFile) {
  TestHost host;
  host.tree.write("run/systemd/machines/my-box",
                  "# This is private data. Do not parse.\nNAME=my-box\n"
                  "SCOPE=machine-my\\x2dbox.scope\nSERVICE=systemd-nspawn\n"
                  "ROOT=/var/lib/machines/my-box\nLEADER=4711\nCLASS=container\n"
                  "REALTIME=1700000000123456\nMONOTONIC=99\nNETIF=7\n");
  const std::string path = "/machine.slice/machine-my\\x2dbox.scope";
  host.process(4711, path + "/payload");
  const IdentityPtr box = host.identify(1, path);
  EXPECT_EQ(box->runtime, Runtime::kNspawn);
  EXPECT_EQ(box->name, "my-box");
  EXPECT_EQ(box->pid, 4711);
  EXPECT_EQ(box->upper_dir, "/var/lib/machines/my-box");
  EXPECT_EQ(box->network, NetworkMode::kOwn);
  EXPECT_EQ(rfc3339(box->started.value()), "2023-11-14T22:13:20.123456000Z");
  EXPECT_TRUE(box->is_container());
}

TEST(OwnRecord, HoldsEverything) {
  InventoryOptions options;
  options.environment_prefixes = {"APP_"};
  TestHost host(options);
  host.tree.write("run/plimsoll/containers/" + kIdA + ".json",
                  R"({"id":")" + kIdA + R"(","name":"web","image":"debian:12","image_id":"sha256:1",
                      "labels":{"com.docker.compose.service":"front"},
                      "environment":["APP_A=1","B=2"],"created":"2026-01-02T03:04:05Z",
                      "started":"2026-01-02T03:04:06Z","pid":12,"restart_count":4,
                      "health":"unhealthy","network":"container:)" +
                      kIdB + R"(",
                      "upper_dir":"/u","log_path":"/l","storage_driver":"overlay","future":[1]})");
  const std::string path = "/plimsoll.slice/plimsoll-" + kIdA + ".scope";
  host.process(12, path);
  const IdentityPtr web = host.identify(1, path);
  EXPECT_EQ(web->runtime, Runtime::kPlimsoll);
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->display, "web");
  EXPECT_EQ(web->image, "debian:12");
  EXPECT_EQ(web->image_id, "sha256:1");
  EXPECT_EQ(web->compose_service, "front");
  EXPECT_THAT(web->environment, ElementsAre(Pair("APP_A", "1")));
  EXPECT_EQ(rfc3339(web->started.value()), "2026-01-02T03:04:06.000000000Z");
  EXPECT_EQ(web->pid, 12);
  EXPECT_EQ(web->restart_count, 4U);
  EXPECT_EQ(web->health, Health::kUnhealthy);
  EXPECT_EQ(web->network, NetworkMode::kContainer);
  EXPECT_EQ(web->network_owner, kIdB);
  EXPECT_EQ(web->upper_dir, "/u");
  EXPECT_EQ(web->log_path, "/l");
}

}  // namespace
}  // namespace plimsoll::inventory
