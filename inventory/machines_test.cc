// containerd, CRI-O, LXC, systemd-nspawn and Plimsoll's own: from a recorded task, and from texts
// of the documented shape where the runtime cannot be run here.
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

TEST(OwnRecord, IsFoundBelowAParentOfAnyName) {
  TestHost host;
  host.tree.write("run/plimsoll/containers/" + kIdA + ".json",
                  R"({"id":")" + kIdA + R"(","name":"web","image":"debian:12","pid":12})");
  for (const char* parent : {"/plimsoll-090faed7/", "/shop/", "/shop.slice/"}) {
    const std::string path = parent + kIdA;
    host.process(12, path);
    const IdentityPtr web = host.identify(std::string(parent).size(), path);
    EXPECT_EQ(web->runtime, Runtime::kPlimsoll) << path;
    EXPECT_EQ(web->name, "web") << path;
    EXPECT_EQ(web->metadata, Metadata::kComplete) << path;
  }
}

TEST(OwnRecord, IsOfAnyOfTheHostsEngines) {
  InventoryOptions options;
  options.plimsoll_runs = {"/run/plimsoll", "/run/second"};
  TestHost host(options);
  host.tree.write("run/plimsoll/containers/" + kIdA + ".json",
                  R"({"id":")" + kIdA + R"(","name":"web","pid":12})");
  host.tree.write("run/second/containers/" + kIdB + ".json",
                  R"({"id":")" + kIdB + R"(","name":"db","pid":13})");
  host.process(12, "/plimsoll/" + kIdA);
  host.process(13, "/plimsoll-090faed7/" + kIdB);
  const IdentityPtr web = host.identify(1, "/plimsoll/" + kIdA);
  EXPECT_EQ(web->name, "web");
  EXPECT_TRUE(web->runtime_root.ends_with("/run/plimsoll")) << web->runtime_root;
  const IdentityPtr db = host.identify(2, "/plimsoll-090faed7/" + kIdB);
  EXPECT_EQ(db->name, "db");
  EXPECT_TRUE(db->runtime_root.ends_with("/run/second")) << db->runtime_root;
}

TEST(OwnRecord, IsNotLentToWhoTakesItsId) {
  TestHost host;
  host.tree.write("run/plimsoll/containers/" + kIdA + ".json",
                  R"({"id":")" + kIdA + R"(","name":"web","image":"debian:12","pid":12})");
  host.process(12, "/plimsoll-090faed7/" + kIdA);
  const IdentityPtr thief =
      host.identify(1, "/user.slice/user-1000.slice/user@1000.service/" + kIdA);
  EXPECT_NE(thief->name, "web");
  EXPECT_NE(thief->runtime, Runtime::kPlimsoll);
}

}  // namespace
}  // namespace plimsoll::inventory
