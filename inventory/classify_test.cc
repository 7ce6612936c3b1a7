// Paths as the runtimes make them, by cgroup driver and version. <H> in a path stands for a
// 64-digit id, <I> for another.
#include <gtest/gtest.h>

#include <string>

#include "inventory/inventory.h"
#include "inventory/path_facts.h"

namespace plimsoll::inventory {
namespace {

const std::string kH = "8b65af5a2a34a1bd93f4ae59b3f1f1b4b5d1c0a7f3e2d1c0b9a8f7e6d5c4b3a2";
const std::string kI = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kUid = "3f6c8b1e-7c0a-4d8e-9a3b-5d2f1e0c9b8a";
const std::string kUid_ = "3f6c8b1e_7c0a_4d8e_9a3b_5d2f1e0c9b8a";

std::string fill(std::string text) {
  for (const auto& [mark, value] :
       {std::pair{"<H>", kH}, {"<I>", kI}, {"<uid>", kUid}, {"<uid_>", kUid_}})
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;)
      text.replace(at, std::string_view(mark).size(), value);
  return text;
}

struct Row {
  const char* path;
  Runtime runtime;
  const char* id;  // "" when it is the path.
  const char* name = "";
};

// For googletest's messages.
[[maybe_unused]] void PrintTo(const Row& row, std::ostream* out) {
  *out << row.path;
}

class Classify : public ::testing::TestWithParam<Row> {};

TEST_P(Classify, TellsRuntimeAndId) {
  const std::string path = fill(GetParam().path);
  const Identity identity = classify(path);
  EXPECT_EQ(name_of(identity.runtime), name_of(GetParam().runtime));
  const std::string id = fill(GetParam().id);
  EXPECT_EQ(identity.id, id.empty() ? path : id);
  EXPECT_EQ(identity.name, fill(GetParam().name));
  EXPECT_EQ(identity.cgroup, path);
  EXPECT_FALSE(identity.display.empty());
  EXPECT_EQ(identity.metadata, identity.is_container() ? Metadata::kPending : Metadata::kComplete);
}

INSTANTIATE_TEST_SUITE_P(
    Docker, Classify,
    ::testing::Values(
        Row{"/docker/<H>", Runtime::kDocker, "<H>"},
        Row{"/system.slice/docker-<H>.scope", Runtime::kDocker, "<H>"},
        Row{"/my.slice/my-apps.slice/docker-<H>.scope", Runtime::kDocker, "<H>"},
        Row{"/my-parent/<H>", Runtime::kDocker, "<H>"},
        Row{"/actions_job/<H>", Runtime::kDocker, "<H>"},
        Row{"/ecs/9781c248-0edd-4cdb-9a93-f63cb662a5d3/<H>", Runtime::kDocker, "<H>"},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-<H>.scope",
            Runtime::kDocker, "<H>"},
        Row{"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-<H>.scope",
            Runtime::kDocker, "<H>"},
        // The daemons themselves, and what is not a container of theirs.
        Row{"/docker", Runtime::kCgroup, ""}, Row{"/docker/buildkit", Runtime::kCgroup, ""},
        Row{"/docker/buildkit/n1qk8sgvzt0wxbqpqpgx2w1gk", Runtime::kCgroup, ""},
        Row{"/system.slice/docker.service", Runtime::kSystemd, "docker.service", "docker.service"},
        Row{"/system.slice/docker-notanid.scope", Runtime::kSystemd, "docker-notanid.scope",
            "docker-notanid.scope"},
        Row{"/docker/8b65af5a2a34", Runtime::kCgroup, ""},
        Row{"/docker/8B65AF5A2A34A1BD93F4AE59B3F1F1B4B5D1C0A7F3E2D1C0B9A8F7E6D5C4B3A2",
            Runtime::kCgroup, ""}));

INSTANTIATE_TEST_SUITE_P(
    Podman, Classify,
    ::testing::Values(
        Row{"/libpod_parent/libpod-<H>", Runtime::kPodman, "<H>"},
        Row{"/machine.slice/libpod-<H>.scope", Runtime::kPodman, "<H>"},
        Row{"/machine.slice/machine-libpod_pod_<I>.slice/libpod-<H>.scope", Runtime::kPodman,
            "<H>"},
        Row{"/libpod_parent/<I>/libpod-<H>", Runtime::kPodman, "<H>"},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-<H>.scope",
            Runtime::kPodman, "<H>"},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/"
            "user-libpod_pod_<I>.slice/libpod-<H>.scope",
            Runtime::kPodman, "<H>"},
        Row{"/system.slice/web.service/libpod-payload-<H>", Runtime::kPodman, "<H>"},
        // Monitors, pods and groups inside.
        Row{"/machine.slice/libpod-conmon-<H>.scope", Runtime::kSystemd, "libpod-conmon-<H>.scope",
            "libpod-conmon-<H>.scope"},
        Row{"/libpod_parent/libpod-conmon-<H>", Runtime::kCgroup, ""},
        Row{"/libpod_parent/conmon", Runtime::kCgroup, ""},
        Row{"/libpod_parent/<I>", Runtime::kCgroup, ""},
        Row{"/machine.slice/machine-libpod_pod_<I>.slice", Runtime::kSystemd,
            "machine-libpod_pod_<I>.slice", "machine-libpod_pod_<I>.slice"},
        Row{"/machine.slice/libpod-<H>.scope/container", Runtime::kCgroup, ""},
        Row{"/system.slice/web.service/supervisor", Runtime::kCgroup, ""},
        Row{"/system.slice/web.service", Runtime::kSystemd, "web.service", "web.service"}));

INSTANTIATE_TEST_SUITE_P(
    Containerd, Classify,
    ::testing::Values(
        Row{"/default/<H>", Runtime::kContainerd, "<H>", "<H>"},
        Row{"/k8s.io/<H>", Runtime::kContainerd, "<H>", "<H>"},
        Row{"/system.slice/nerdctl-<H>.scope", Runtime::kContainerd, "<H>", "<H>"},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-<H>.scope",
            Runtime::kContainerd, "<H>", "<H>"},
        Row{"/system.slice/cri-containerd-<H>.scope", Runtime::kContainerd, "<H>", "<H>"},
        // Only its record can tell that this one is a container.
        Row{"/default/redis", Runtime::kCgroup, ""},
        Row{"/system.slice/containerd.service", Runtime::kSystemd, "containerd.service",
            "containerd.service"}));

INSTANTIATE_TEST_SUITE_P(
    Crio, Classify,
    ::testing::Values(Row{"/kubepods.slice/kubepods-besteffort.slice/"
                          "kubepods-besteffort-pod<uid_>.slice/crio-<H>.scope",
                          Runtime::kCrio, "<H>"},
                      Row{"/kubepods/besteffort/pod<uid>/crio-<H>", Runtime::kCrio, "<H>"},
                      Row{"/kubepods.slice/kubepods-pod<uid_>.slice/crio-<H>", Runtime::kCrio,
                          "<H>"},
                      Row{"/kubepods.slice/kubepods-pod<uid_>.slice/crio-conmon-<H>.scope",
                          Runtime::kSystemd, "crio-conmon-<H>.scope", "crio-conmon-<H>.scope"},
                      Row{"/kubepods/besteffort/pod<uid>/crio-conmon-<H>", Runtime::kCgroup, ""},
                      Row{"/kubepods.slice/kubepods-pod<uid_>.slice/crio-<H>.scope/container",
                          Runtime::kCgroup, ""}));

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, Classify,
    ::testing::Values(
        Row{"/kubepods", Runtime::kKubernetes, ""},
        Row{"/kubepods/burstable", Runtime::kKubernetes, ""},
        Row{"/kubepods/besteffort", Runtime::kKubernetes, ""},
        Row{"/kubepods/pod<uid>", Runtime::kKubernetes, "<uid>"},
        Row{"/kubepods/burstable/pod<uid>", Runtime::kKubernetes, "<uid>"},
        Row{"/kubepods/burstable/pod8d7f1a2b3c4d5e6f8091a2b3c4d5e6f7", Runtime::kKubernetes,
            "8d7f1a2b3c4d5e6f8091a2b3c4d5e6f7"},
        Row{"/kubepods.slice", Runtime::kKubernetes, ""},
        Row{"/kubepods.slice/kubepods-burstable.slice", Runtime::kKubernetes, ""},
        Row{"/kubepods.slice/kubepods-pod<uid_>.slice", Runtime::kKubernetes, "<uid>"},
        Row{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice",
            Runtime::kKubernetes, "<uid>"},
        Row{"/kubepods/burstable/pod<uid>/<H>", Runtime::kContainerd, "<H>", "<H>"},
        Row{"/kubepods/pod<uid>/<H>", Runtime::kContainerd, "<H>", "<H>"},
        Row{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice/"
            "cri-containerd-<H>.scope",
            Runtime::kContainerd, "<H>", "<H>"},
        Row{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice/"
            "docker-<H>.scope",
            Runtime::kDocker, "<H>"},
        // kubelet with the systemd driver over a runtime with the cgroupfs driver.
        Row{"/system.slice/containerd.service/"
            "kubepods-burstable-pod<uid_>.slice:cri-containerd:<H>",
            Runtime::kContainerd, "<H>", "<H>"},
        Row{"/kubepods-besteffort-pod<uid_>.slice:cri-containerd:<H>", Runtime::kContainerd, "<H>",
            "<H>"},
        // kind: a node is a container, whose kubelet has its own root.
        Row{"/docker/<I>/kubelet/kubepods/burstable/pod<uid>/<H>", Runtime::kContainerd, "<H>",
            "<H>"},
        Row{"/docker/<I>/kubelet/kubepods/burstable/pod<uid>", Runtime::kKubernetes, "<uid>"},
        Row{"/system.slice/docker-<I>.scope/kubelet.slice/kubelet-kubepods.slice",
            Runtime::kKubernetes, ""},
        Row{"/system.slice/docker-<I>.scope/kubelet.slice/kubelet-kubepods.slice/"
            "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod<uid_>.slice",
            Runtime::kKubernetes, "<uid>"},
        Row{"/system.slice/docker-<I>.scope/kubelet.slice/kubelet-kubepods.slice/"
            "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod<uid_>.slice/"
            "cri-containerd-<H>.scope",
            Runtime::kContainerd, "<H>", "<H>"},
        Row{"/kubelet.slice", Runtime::kSystemd, "kubelet.slice", "kubelet.slice"},
        Row{"/kubepods/burstable/podcast", Runtime::kCgroup, ""},
        Row{"/burstable", Runtime::kCgroup, ""},
        Row{"/mykubepods.slice", Runtime::kSystemd, "mykubepods.slice", "mykubepods.slice"},
        Row{"/kubepods-burstablepod.slice", Runtime::kSystemd, "kubepods-burstablepod.slice",
            "kubepods-burstablepod.slice"}));

INSTANTIATE_TEST_SUITE_P(
    Machines, Classify,
    ::testing::Values(
        Row{"/lxc/web", Runtime::kLxc, "web", "web"}, Row{"/lxc/101", Runtime::kLxc, "101", "101"},
        Row{"/lxc.payload.web", Runtime::kLxc, "web", "web"},
        Row{"/lxc.payload/web", Runtime::kLxc, "web", "web"},
        Row{"/lxc.payload.user-1000_web", Runtime::kLxc, "user-1000_web", "user-1000_web"},
        Row{"/user.slice/user-1000.slice/user@1000.service/lxc.payload.web", Runtime::kLxc, "web",
            "web"},
        Row{"/lxc", Runtime::kCgroup, ""}, Row{"/lxc.monitor.web", Runtime::kCgroup, ""},
        Row{"/lxc.monitor/web", Runtime::kCgroup, ""}, Row{"/lxc/101/ns", Runtime::kCgroup, ""},
        Row{"/lxc.payload.web/system.slice/ssh.service", Runtime::kSystemd, "ssh.service",
            "ssh.service"},
        Row{"/machine.slice/machine-debian.scope", Runtime::kNspawn, "debian", "debian"},
        Row{"/machine.slice/machine-my\\x2dbox.scope", Runtime::kNspawn, "my-box", "my-box"},
        Row{"/machine.slice/systemd-nspawn@debian.service", Runtime::kNspawn, "debian", "debian"},
        Row{"/machine.slice/systemd-nspawn@my\\x2dbox.service", Runtime::kNspawn, "my-box",
            "my-box"},
        Row{"/machine.slice/systemd-nspawn@debian.service/payload", Runtime::kCgroup, ""},
        Row{"/machine.slice/systemd-nspawn@debian.service/payload/init.scope", Runtime::kSystemd,
            "init.scope", "init.scope"},
        Row{"/machine.slice/machine-lxc\\x2d4711\\x2dbox.scope", Runtime::kLxc, "lxc-4711-box",
            "box"},
        Row{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", Runtime::kSystemd,
            "machine-qemu\\x2d1\\x2dvm.scope", "machine-qemu\\x2d1\\x2dvm.scope"},
        Row{"/machine.slice", Runtime::kSystemd, "machine.slice", "machine.slice"}));

INSTANTIATE_TEST_SUITE_P(
    Own, Classify,
    ::testing::Values(
        Row{"/plimsoll/<H>", Runtime::kPlimsoll, "<H>", "<H>"},
        Row{"/plimsoll/web", Runtime::kPlimsoll, "web", "web"},
        Row{"/plimsoll.slice/plimsoll-<H>.scope", Runtime::kPlimsoll, "<H>", "<H>"},
        Row{"/plimsoll/<H>/init.scope", Runtime::kSystemd, "init.scope", "init.scope"},
        Row{"/plimsoll", Runtime::kCgroup, ""}, Row{"/plimsoll-test-1", Runtime::kCgroup, ""},
        Row{"/plimsoll.slice", Runtime::kSystemd, "plimsoll.slice", "plimsoll.slice"}));

INSTANTIATE_TEST_SUITE_P(
    Rest, Classify,
    ::testing::Values(
        Row{"/", Runtime::kRoot, "/"},
        Row{"/init.scope", Runtime::kSystemd, "init.scope", "init.scope"},
        Row{"/system.slice", Runtime::kSystemd, "system.slice", "system.slice"},
        Row{"/system.slice/ssh.service", Runtime::kSystemd, "ssh.service", "ssh.service"},
        Row{"/system.slice/dbus.socket", Runtime::kSystemd, "dbus.socket", "dbus.socket"},
        Row{"/system.slice/dev-hugepages.mount", Runtime::kSystemd, "dev-hugepages.mount",
            "dev-hugepages.mount"},
        Row{"/user.slice/user-1000.slice/session-3.scope", Runtime::kSystemd, "session-3.scope",
            "session-3.scope"},
        Row{"/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
            Runtime::kSystemd, "foo.service", "foo.service"},
        Row{"/.slice", Runtime::kCgroup, ""},
        Row{"/process_api/929483753de3f442", Runtime::kCgroup, ""}));

// Groups inside a container are never that container: its name on both would count it twice.
INSTANTIATE_TEST_SUITE_P(
    Inside, Classify,
    ::testing::Values(Row{"/docker/<H>/init.scope", Runtime::kSystemd, "init.scope", "init.scope"},
                      Row{"/docker/<H>/system.slice/cron.service", Runtime::kSystemd,
                          "cron.service", "cron.service"},
                      Row{"/docker/<H>/docker", Runtime::kCgroup, ""},
                      Row{"/docker/<H>/docker/<I>", Runtime::kDocker, "<I>"},
                      Row{"/system.slice/docker-<H>.scope/init", Runtime::kCgroup, ""},
                      Row{"/kubepods/burstable/pod<uid>/<H>/leaf", Runtime::kCgroup, ""}));

TEST(ClassifyPod, KnowsTheUidOfItsContainersAndOnlyTheirs) {
  for (const char* path :
       {"/kubepods/burstable/pod<uid>/<H>", "/kubepods/pod<uid>/crio-<H>",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice/"
        "cri-containerd-<H>.scope",
        "/system.slice/containerd.service/kubepods-burstable-pod<uid_>.slice:cri-containerd:<H>",
        "/docker/<I>/kubelet/kubepods/besteffort/pod<uid>/<H>", "/kubepods/pod<uid>"})
    EXPECT_EQ(classify(fill(path)).pod_uid, kUid) << path;
  for (const char* path : {"/kubepods/burstable/pod<uid>/<H>/leaf", "/docker/<H>",
                           "/kubepods/burstable", "/kubepods/burstable/pod<uid>/<H>/docker/<I>"})
    EXPECT_EQ(classify(fill(path)).pod_uid, "") << path;
}

TEST(ClassifyDisplay, IsShortAndNeverAmbiguousInsideContainers) {
  EXPECT_EQ(classify(fill("/docker/<H>")).display, kH.substr(0, 12));
  EXPECT_EQ(classify(fill("/default/<H>")).display, kH.substr(0, 12));
  EXPECT_EQ(classify("/system.slice/ssh.service").display, "ssh.service");
  EXPECT_EQ(classify("/lxc/web").display, "web");
  EXPECT_EQ(classify(fill("/kubepods/pod<uid>")).display, "pod " + kUid);
  EXPECT_EQ(classify("/").display, "/");
  EXPECT_EQ(classify("/a/b").display, "/a/b");
  const std::string inside = fill("/docker/<H>/system.slice/ssh.service");
  EXPECT_EQ(classify(inside).display, inside);
}

TEST(PathFacts, SaysWhoOwnsTheGroupAndWhetherItIsNested) {
  EXPECT_EQ(path_facts("/user.slice/user-1000.slice/user@1000.service/x").uid, 1000U);
  EXPECT_EQ(path_facts(fill("/user.slice/user-1000.slice/libpod-<H>.scope")).uid, 1000U);
  EXPECT_EQ(path_facts("/system.slice/x.service").uid, std::nullopt);
  EXPECT_EQ(path_facts("/user.slice/user-x.slice").uid, std::nullopt);
  // A user manager inside a container is no user of the host.
  EXPECT_EQ(path_facts(fill("/docker/<H>/user.slice/user-1000.slice/docker-<I>.scope")).uid,
            std::nullopt);
  EXPECT_FALSE(path_facts(fill("/docker/<H>")).nested);
  EXPECT_TRUE(path_facts(fill("/docker/<H>/docker/<I>")).nested);
  EXPECT_TRUE(path_facts(fill("/docker/<H>/x")).nested);
  EXPECT_TRUE(path_facts(fill("/my/<H>")).guess);
  EXPECT_FALSE(path_facts(fill("/docker/<H>")).guess);
}

// Names become parts of file names that we open as root.
TEST(PathFacts, TakesNoNameThatLeavesItsDirectory) {
  for (const char* path :
       {"/lxc.payload...", "/machine.slice/machine-..\\x2f..\\x2fetc.scope",
        "/machine.slice/machine-\\x2e\\x2e.scope", "/machine.slice/machine-a\\x00b.scope",
        "/machine.slice/systemd-nspawn@a\\x2fb.service", "/machine.slice/machine-\\x0a.scope",
        "/plimsoll.slice/plimsoll-...scope"})
    EXPECT_FALSE(classify(path).is_container()) << path;
  EXPECT_FALSE(is_file_name(""));
  EXPECT_FALSE(is_file_name("."));
  EXPECT_FALSE(is_file_name(".."));
  EXPECT_FALSE(is_file_name("a/b"));
  EXPECT_FALSE(is_file_name(std::string(256, 'a')));
  EXPECT_TRUE(is_file_name("..."));
}

TEST(PathFacts, SurvivesOddPaths) {
  EXPECT_EQ(classify("").runtime, Runtime::kRoot);
  EXPECT_EQ(classify("//").runtime, Runtime::kCgroup);
  EXPECT_EQ(classify(fill("//docker//<H>/")).id, kH);
  EXPECT_EQ(classify(":").runtime, Runtime::kCgroup);
  EXPECT_EQ(classify(fill("/:<H>")).runtime, Runtime::kCgroup);
  EXPECT_EQ(classify(fill("/x:y:<H>")).runtime, Runtime::kCgroup);
}

TEST(SystemdUnescape, LeavesWhatIsNoSequence) {
  EXPECT_EQ(systemd_unescape("a\\x2db"), "a-b");
  EXPECT_EQ(systemd_unescape("\\x"), "\\x");
  EXPECT_EQ(systemd_unescape("\\x2"), "\\x2");
  EXPECT_EQ(systemd_unescape("\\xzz"), "\\xzz");
  EXPECT_EQ(systemd_unescape("a\\"), "a\\");
}

TEST(RuntimeNames, AreStable) {
  EXPECT_EQ(name_of(Runtime::kDocker), "docker");
  EXPECT_EQ(name_of(Runtime::kCrio), "crio");
  EXPECT_EQ(name_of(Runtime::kCgroup), "cgroup");
  EXPECT_EQ(name_of(Runtime::kPlimsoll), "plimsoll");
}

}  // namespace
}  // namespace plimsoll::inventory
