// What each field becomes.
#include "runtime/spec/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ioprio.h>
#include <linux/seccomp.h>
#include <sys/resource.h>

#include <string>

#include "runtime/spec/testing.h"

namespace plimsoll::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class FullConfig : public ::testing::Test {
 protected:
  FullConfig() : decoded(decode(full_config())) {}
  void SetUp() override { ASSERT_TRUE(decoded) << decoded.error().message(); }
  [[nodiscard]] const Config& config() const { return decoded->config; }
  Result<Decoded> decoded;
};

TEST_F(FullConfig, RootMountsAndNames) {
  EXPECT_EQ(config().oci_version, "1.3.0");
  EXPECT_EQ(config().root.path, "rootfs");
  EXPECT_TRUE(config().root.readonly);
  EXPECT_EQ(config().hostname, "h");
  EXPECT_EQ(config().domainname, "d");
  EXPECT_THAT(config().annotations, ElementsAre(Pair("org.example.key", "value")));
  ASSERT_EQ(config().mounts.size(), 2U);
  EXPECT_EQ(config().mounts[0].type, "proc");
  EXPECT_TRUE(config().mounts[0].uid_mappings.empty());
  const Mount& data = config().mounts[1];
  EXPECT_EQ(data.destination, "/data");
  EXPECT_EQ(data.source, "/srv");
  EXPECT_THAT(data.options, ElementsAre("rbind", "ro"));
  EXPECT_EQ(data.uid_mappings.at(0).host_id, 1000U);
  EXPECT_EQ(data.gid_mappings.at(0).size, 20U);
}

TEST_F(FullConfig, Process) {
  ASSERT_TRUE(config().process);
  const Process& process = *config().process;
  EXPECT_TRUE(process.terminal);
  EXPECT_EQ(process.console_size->height, 25U);
  EXPECT_EQ(process.console_size->width, 80U);
  EXPECT_EQ(process.cwd, "/home");
  EXPECT_THAT(process.env, ElementsAre("A=b", "C="));
  EXPECT_THAT(process.args, ElementsAre("/bin/sh", "-c", ""));
  EXPECT_EQ(process.user.uid, 5U);
  EXPECT_EQ(process.user.gid, 6U);
  EXPECT_EQ(process.user.umask, 022U);
  EXPECT_THAT(process.user.additional_gids, ElementsAre(7U, 8U));
  EXPECT_EQ(process.rlimits.at(0).resource, RLIMIT_NOFILE);
  EXPECT_EQ(process.rlimits.at(0).hard, UINT64_MAX);
  EXPECT_EQ(process.rlimits.at(0).soft, 1024U);
  EXPECT_EQ(process.apparmor_profile, "docker-default");
  EXPECT_EQ(process.selinux_label, "system_u:system_r:a");
  EXPECT_TRUE(process.no_new_privileges);
  EXPECT_EQ(process.oom_score_adj, -500);
}

TEST_F(FullConfig, Privileges) {
  const Process& process = *config().process;
  ASSERT_TRUE(process.capabilities);
  EXPECT_EQ(process.capabilities->bounding.bits, (1ULL << 0) | (1ULL << 40));
  EXPECT_EQ(process.capabilities->effective.bits, 1ULL << 5);
  EXPECT_EQ(process.capabilities->inheritable.bits, 0U);
  EXPECT_EQ(process.capabilities->permitted.bits, 1ULL << 5);
  EXPECT_EQ(process.capabilities->ambient.bits, 0U);
  EXPECT_THAT(process.capabilities->unknown, ElementsAre("CAP_TIME_TRAVEL"));
  EXPECT_EQ(process.scheduler->policy, 1U);
  EXPECT_EQ(process.scheduler->nice, 3);
  EXPECT_EQ(process.scheduler->priority, 50);
  EXPECT_EQ(process.scheduler->flags, 1U);
  EXPECT_EQ(process.io_priority->io_class, IOPRIO_CLASS_BE);
  EXPECT_EQ(process.io_priority->priority, 4);
  EXPECT_EQ(process.exec_cpu_affinity->initial, "0-1");
  EXPECT_EQ(process.exec_cpu_affinity->final, "2,3");
}

TEST_F(FullConfig, Hooks) {
  const Hooks& hooks = config().hooks;
  ASSERT_EQ(hooks.prestart.size(), 1U);
  EXPECT_EQ(hooks.prestart[0].path, "/a");
  EXPECT_THAT(hooks.prestart[0].args, ElementsAre("a", "1"));
  EXPECT_THAT(hooks.prestart[0].env, ElementsAre("K=v"));
  EXPECT_EQ(hooks.prestart[0].timeout, 5U);
  EXPECT_EQ(hooks.create_runtime.at(0).path, "/b");
  EXPECT_FALSE(hooks.create_runtime.at(0).timeout);
  EXPECT_EQ(hooks.create_container.at(0).path, "/c");
  EXPECT_EQ(hooks.start_container.at(0).path, "/d");
  EXPECT_EQ(hooks.poststart.at(0).path, "/e");
  EXPECT_EQ(hooks.poststop.at(0).path, "/f");
}

TEST_F(FullConfig, NamespacesAndIds) {
  const Linux& parts = config().linux_;
  EXPECT_EQ(parts.uid_mappings.at(0).host_id, 100000U);
  EXPECT_EQ(parts.gid_mappings.at(0).host_id, 200000U);
  ASSERT_EQ(parts.namespaces.size(), 8U);
  EXPECT_EQ(parts.namespaces[1].type, NamespaceType::kNetwork);
  EXPECT_EQ(parts.namespaces[1].path, "/run/netns/x");
  EXPECT_EQ(parts.namespaces[7].type, NamespaceType::kTime);
  EXPECT_THAT(parts.sysctl, UnorderedElementsAre(Pair("net/ipv4/conf/eth0.100/forwarding", "1"),
                                                 Pair("kernel/shmmax", "2")));
  EXPECT_EQ(parts.monotonic_offset->seconds, -5);
  EXPECT_EQ(parts.monotonic_offset->nanoseconds, 7U);
  EXPECT_EQ(parts.boottime_offset->seconds, 9);
  EXPECT_EQ(parts.net_devices.at("eth7").name, "lan");
  EXPECT_EQ(parts.net_devices.at("eth8").name, "");
}

TEST_F(FullConfig, DevicesPathsAndTheRest) {
  const Linux& parts = config().linux_;
  ASSERT_EQ(parts.devices.size(), 2U);
  EXPECT_EQ(parts.devices[0].path, "/dev/fuse");
  EXPECT_EQ(parts.devices[0].type, DeviceType::kCharacter);
  EXPECT_EQ(parts.devices[0].major, 10U);
  EXPECT_EQ(parts.devices[0].minor, 229U);
  EXPECT_EQ(parts.devices[0].mode, 0666U);  // 8630 is S_IFCHR | 0666.
  EXPECT_EQ(parts.devices[0].uid, 1U);
  EXPECT_EQ(parts.devices[0].gid, 2U);
  EXPECT_EQ(parts.devices[1].type, DeviceType::kFifo);
  EXPECT_EQ(parts.cgroups_path, "/a/b");
  EXPECT_EQ(parts.rootfs_propagation->propagation, Propagation::kSlave);
  EXPECT_TRUE(parts.rootfs_propagation->recursive);
  EXPECT_THAT(parts.masked_paths, ElementsAre("/proc/kcore"));
  EXPECT_THAT(parts.readonly_paths, ElementsAre("/proc/sys"));
  EXPECT_EQ(parts.mount_label, "label");
  EXPECT_EQ(parts.intel_rdt->clos_id, "guaranteed");
  EXPECT_THAT(parts.intel_rdt->schemata, ElementsAre("L3:0=f"));
  EXPECT_EQ(parts.intel_rdt->l3_cache_schema, "L3:0=7");
  EXPECT_EQ(parts.intel_rdt->mem_bw_schema, "MB:0=20");
  EXPECT_TRUE(parts.intel_rdt->enable_monitoring);
  EXPECT_EQ(parts.personality, PersonalityDomain::kLinux32);
  EXPECT_EQ(parts.memory_policy->mode, 2);
  EXPECT_EQ(parts.memory_policy->nodes, "0-1");
  EXPECT_EQ(parts.memory_policy->flags, 1 << 15);
}

TEST_F(FullConfig, Seccomp) {
  ASSERT_TRUE(config().linux_.seccomp);
  const Seccomp& seccomp = *config().linux_.seccomp;
  EXPECT_EQ(seccomp.default_action, SeccompAction::kErrno);
  EXPECT_EQ(seccomp.default_errno_return, 38U);
  EXPECT_THAT(seccomp.architectures, ElementsAre("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"));
  EXPECT_EQ(seccomp.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  EXPECT_EQ(seccomp.listener_path, "/run/listen");
  EXPECT_EQ(seccomp.listener_metadata, "m");
  ASSERT_EQ(seccomp.rules.size(), 2U);
  EXPECT_THAT(seccomp.rules[0].names, ElementsAre("read", "write"));
  EXPECT_EQ(seccomp.rules[0].action, SeccompAction::kAllow);
  EXPECT_FALSE(seccomp.rules[0].errno_return);
  ASSERT_EQ(seccomp.rules[1].arguments.size(), 1U);
  const SeccompArgument& argument = seccomp.rules[1].arguments[0];
  EXPECT_EQ(argument.index, 1U);
  EXPECT_EQ(argument.value, 2114060288U);
  EXPECT_EQ(argument.value_two, 3U);
  EXPECT_EQ(argument.op, SeccompOperator::kMaskedEqual);
}

TEST_F(FullConfig, MemoryCpuAndPids) {
  const Resources& resources = *config().linux_.resources;
  EXPECT_EQ(resources.memory->limit, 1000);
  EXPECT_EQ(resources.memory->reservation, 500);
  EXPECT_EQ(resources.memory->swap, 2000);
  EXPECT_EQ(resources.memory->kernel, -1);
  EXPECT_EQ(resources.memory->kernel_tcp, 7);
  EXPECT_EQ(resources.memory->swappiness, 60U);
  EXPECT_EQ(resources.memory->disable_oom_killer, false);
  EXPECT_EQ(resources.memory->use_hierarchy, true);
  EXPECT_TRUE(resources.memory->check_before_update);
  EXPECT_EQ(resources.cpu->shares, 512U);
  EXPECT_EQ(resources.cpu->quota, -1);
  EXPECT_EQ(resources.cpu->burst, 100U);
  EXPECT_EQ(resources.cpu->period, 100000U);
  EXPECT_EQ(resources.cpu->realtime_runtime, 950);
  EXPECT_EQ(resources.cpu->realtime_period, 1000U);
  EXPECT_EQ(resources.cpu->cpus, "0-3");
  EXPECT_EQ(resources.cpu->mems, "0");
  EXPECT_EQ(resources.cpu->idle, 1);
  EXPECT_EQ(resources.pids_limit, 64);
  EXPECT_EQ(resources.unified.at("memory.high"), "1G");
}

TEST_F(FullConfig, DevicesAndBlockIo) {
  const Resources& resources = *config().linux_.resources;
  ASSERT_EQ(resources.devices.size(), 2U);
  EXPECT_FALSE(resources.devices[0].allow);
  EXPECT_EQ(resources.devices[0].type, DeviceRule::Type::kAll);
  EXPECT_FALSE(resources.devices[0].major);
  EXPECT_TRUE(resources.devices[1].allow);
  EXPECT_EQ(resources.devices[1].major, 1U);
  EXPECT_FALSE(resources.devices[1].minor);
  EXPECT_TRUE(resources.devices[1].read);
  EXPECT_TRUE(resources.devices[1].write);
  EXPECT_FALSE(resources.devices[1].mknod);
  EXPECT_EQ(resources.block_io->weight, 100U);
  EXPECT_FALSE(resources.block_io->leaf_weight);
  EXPECT_EQ(resources.block_io->weight_device.at(0).weight, 500U);
  EXPECT_EQ(resources.block_io->weight_device.at(0).leaf_weight, 300U);
  EXPECT_EQ(resources.block_io->read_bps.at(0).rate, 600U);
  EXPECT_EQ(resources.block_io->write_bps.at(0).minor, 2);
  EXPECT_EQ(resources.block_io->read_iops.at(0).rate, 602U);
  EXPECT_EQ(resources.block_io->write_iops.at(0).rate, 603U);
  EXPECT_EQ(resources.hugepage_limits.at(0).page_size, "2MB");
  EXPECT_EQ(resources.network->class_id, 1048577U);
  EXPECT_THAT(resources.network->priorities, ElementsAre(Pair("eth0", 500U)));
  EXPECT_EQ(resources.rdma.at("mlx5_1").hca_handles, 3U);
}

TEST_F(FullConfig, WarnsOfWhatHasNoEffect) {
  EXPECT_THAT(
      decoded->warnings,
      UnorderedElementsAre(
          "/process/capabilities/permitted: unknown capability CAP_TIME_TRAVEL is ignored",
          "/process/capabilities/ambient: unknown capability CAP_TIME_TRAVEL is ignored",
          "/linux/resources/memory/kernel: kernels limit no kernel memory apart since 5.11"));
}

TEST(Decode, TheLeastThereCanBe) {
  const auto decoded = decode(R"({"ociVersion": "1.0.0", "root": {"path": "/r"}})");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_FALSE(decoded->config.process);
  EXPECT_FALSE(decoded->config.linux_.resources);
  EXPECT_TRUE(decoded->warnings.empty());
}

TEST(Decode, NullIsAbsentAndUnknownIsSkipped) {
  const auto decoded = decode(
      R"({"ociVersion": "1.9.0-rc.1+dev", "root": {"path": "/r", "colour": 3}, "mounts": null,
          "process": null, "hooks": {"later": 1}, "linux": {"devices": null, "next": [1]}})");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_FALSE(decoded->config.process);
}

TEST(Decode, ZeroOfAnEngineIsNotGiven) {
  const auto resources = decode_resources(
      R"({"memory": {"limit": 0, "swap": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0},
          "blockIO": {"weight": 0}, "pids": {"limit": 0}})");
  ASSERT_TRUE(resources) << resources.error().message();
  EXPECT_FALSE(resources->memory->limit);
  EXPECT_FALSE(resources->memory->swap);
  EXPECT_FALSE(resources->cpu->shares);
  EXPECT_FALSE(resources->cpu->quota);
  EXPECT_FALSE(resources->cpu->period);
  EXPECT_FALSE(resources->block_io->weight);
  EXPECT_FALSE(resources->pids_limit);
}

TEST(Decode, ProcessAlone) {
  const auto process = decode_process(R"({"cwd": "/", "args": ["ls"], "consoleSize": "any"})");
  ASSERT_TRUE(process) << process.error().message();
  EXPECT_FALSE(process->console_size);  // Ignored without a terminal, whatever it is.
  const auto wrong = decode_process(R"({"cwd": "/", "args": [1]})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().subject, "/args/0: must be a string, not a number");
  EXPECT_EQ(decode_process("[]").error().subject, "the document: must be an object, not an array");
}

TEST(Decode, RelativeDestinationIsBelowTheRoot) {
  const auto decoded = decode(full_config_with("/mounts/0/destination", "\"proc\""));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->config.mounts[0].destination, "/proc");
  EXPECT_THAT(
      decoded->warnings,
      ::testing::Contains("/mounts/0/destination: a relative path is taken as one below /"));
}

// A megabyte of sysctls takes milliseconds; with a search for each it took minutes, and this test
// would run into its timeout.
TEST(Decode, WorkGrowsWithTheText) {
  std::string sysctls;
  for (int i = 0; i < 50'000; ++i) {
    sysctls += i == 0 ? "" : ",";
    sysctls += "\"net.a" + std::to_string(i) + "\":\"1\"";
  }
  const auto decoded = decode(R"({"ociVersion": "1.0.0", "root": {"path": "/r"}, "linux":
      {"namespaces": [{"type": "network"}], "sysctl": {)" +
                              sysctls + "}}}");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->config.linux_.sysctl.size(), 50'000U);
}

}  // namespace
}  // namespace plimsoll::spec
