#include "runtime/launch/plan.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "runtime/launch/act.h"
#include "runtime/launch/number_list.h"
#include "runtime/launch/passage.h"

namespace plimsoll::runtime {
namespace {

spec::Config minimal() {
  spec::Config config;
  config.root.path = "rootfs";
  config.process.emplace();
  config.process->args = {"sh"};
  config.process->cwd = "/";
  config.process->env = {"PATH=/bin::/usr/bin"};
  for (const auto type : {spec::NamespaceType::kPid, spec::NamespaceType::kMount,
                          spec::NamespaceType::kNetwork, spec::NamespaceType::kCgroup})
    config.linux_.namespaces.push_back({type, ""});
  return config;
}

PlanOptions options() {
  return {.bundle = "/b", .id = "c"};
}

spec::Mount mount(std::string destination, std::string type, std::vector<std::string> words) {
  spec::Mount made;
  made.destination = std::move(destination);
  made.type = std::move(type);
  made.source = "src";
  made.options = std::move(words);
  return made;
}

TEST(CleanPath, NeverLeavesTheRoot) {
  EXPECT_EQ(clean_path("/a/../b//c/."), "b/c");
  EXPECT_EQ(clean_path("/../../etc"), "etc");
  EXPECT_EQ(clean_path("/"), ".");
  EXPECT_EQ(clean_path("a/../.."), ".");
}

TEST(Plan, CgroupNamespaceIsEnteredLaterAndTheRootIsOfTheBundle) {
  const Result<Plan> plan = make_plan(minimal(), options());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->new_namespaces, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET);
  EXPECT_TRUE(plan->new_cgroup_namespace);
  EXPECT_EQ(plan->rootfs, "/b/rootfs");
  EXPECT_EQ(plan->process.keyring, "_ses.c");
}

TEST(Plan, WithoutAMountNamespaceNothingOfTheHostIsTouched) {
  spec::Config config = minimal();
  std::erase_if(config.linux_.namespaces,
                [](const auto& entry) { return entry.type == spec::NamespaceType::kMount; });
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().subject.find("/linux/namespaces"), std::string::npos);
}

TEST(Plan, ThroughAUserNamespaceOthersAreJoinedOnTheWay) {
  spec::Config config = minimal();
  EXPECT_FALSE(needs_passage(make_plan(config, options()).value()));
  config.linux_.namespaces.push_back({spec::NamespaceType::kUser, "/proc/1/ns/user"});
  // As engines write it, who believe that a runtime asks for one: those of the namespace count.
  config.linux_.uid_mappings = {{0, 0, 1}};
  const Plan joined = make_plan(config, options()).value();
  EXPECT_TRUE(needs_passage(joined));
  EXPECT_TRUE(joined.has_user_namespace);
  EXPECT_EQ(joined.uid_map, "");

  config.linux_.namespaces.back().path.clear();
  EXPECT_FALSE(needs_passage(make_plan(config, options()).value())) << "nothing to join";
  config.linux_.namespaces.push_back({spec::NamespaceType::kIpc, "/proc/1/ns/ipc"});
  EXPECT_TRUE(needs_passage(make_plan(config, options()).value()));
}

TEST(Plan, WhatIsNotBuiltIsRefusedByName) {
  spec::Config config = minimal();
  config.linux_.intel_rdt.emplace();
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(plan.error().subject, "/linux/intelRdt: is not offered yet");
}

TEST(Plan, MemoryPoliciesAreWhatTheCallTakes) {
  spec::Config config = minimal();
  config.linux_.memory_policy = {.mode = 2, .nodes = "0-1,3", .flags = 1 << 15};
  Result<Plan> plan = make_plan(config, options());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->process.memory_policy->mode, 2 | 1 << 15);
  EXPECT_EQ(plan->process.memory_policy->nodes, std::vector<unsigned long>{0b1011});
  config.linux_.memory_policy->nodes = "3-1";
  plan = make_plan(config, options());
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().subject.find("/linux/memoryPolicy/nodes"), std::string::npos);
}

TEST(NumberList, IsBitsInWords) {
  using Bits = std::vector<unsigned long>;
  EXPECT_EQ(bits_of_list("").value(), Bits());
  EXPECT_EQ(bits_of_list("0-2, 4\n").value(), Bits{0b10111});
  EXPECT_EQ(bits_of_list("64").value(), (Bits{0, 1}));
  for (const char* text : {"a", "1-", "-1", "2-1", "9999", "1,,2", "1;2"})
    EXPECT_FALSE(bits_of_list(text)) << text;
}

TEST(Plan, CandidatesComeFromTheContainersOwnPath) {
  const Result<Plan> plan = make_plan(minimal(), options());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->process.candidates, (std::vector<std::string>{"/bin/sh", "/usr/bin/sh"}));
}

TEST(Plan, DefaultDevicesUnlessTheConfigHasThem) {
  spec::Config config = minimal();
  config.linux_.devices.push_back({.path = "/dev/null", .major = 1, .minor = 3, .mode = 0600});
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->devices.size(), 6U);
  EXPECT_EQ(plan->devices[0].mode & 0777U, 0600U);
  EXPECT_EQ(plan->devices[0].number, makedev(1, 3));
}

TEST(Plan, ABoundDevIsTheHostsAndStaysAsItIs) {
  spec::Config config = minimal();
  config.mounts.push_back(mount("/dev", "bind", {"rbind"}));
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->devices.empty());
  EXPECT_TRUE(plan->links.empty());
  EXPECT_EQ(plan->mounts[0].source, "/b/src");
}

TEST(Plan, AReadOnlyTmpfsIsReadOnlyLast) {
  spec::Config config = minimal();
  config.mounts.push_back(mount("/run", "tmpfs", {"ro", "nosuid"}));
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->mounts[0].late_readonly);
  EXPECT_EQ(plan->mounts[0].options.attributes.set, MOUNT_ATTR_NOSUID);
}

TEST(Plan, ABindTakesNoFilesystemsOptions) {
  spec::Config config = minimal();
  config.mounts.push_back(mount("/x", "bind", {"size=1m"}));
  const Result<Plan> plan = make_plan(config, options());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(plan.error().subject.find("/mounts/0/options"), std::string::npos);
}

TEST(Plan, CgroupsOfV1AreATmpfsOfHierarchies) {
  spec::Config config = minimal();
  config.mounts.push_back(mount("/sys/fs/cgroup", "cgroup", {"ro"}));
  PlanOptions with = options();
  with.hierarchies = {
      {"cpu,cpuacct", "/h/cpu/c"}, {"name=systemd", "/h/systemd/c"}, {"", "/h/u/c"}};
  const Result<Plan> plan = make_plan(config, with);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->mounts.size(), 3U);
  EXPECT_EQ(plan->mounts[0].type, "tmpfs");
  EXPECT_TRUE(plan->mounts[0].late_readonly);
  EXPECT_EQ(plan->mounts[1].destination, "sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(plan->mounts[1].options.parameters.size(), 2U);
  EXPECT_EQ(plan->mounts[2].destination, "sys/fs/cgroup/systemd");
  EXPECT_TRUE(std::ranges::any_of(
      plan->links, [](const Link& link) { return link.path == "sys/fs/cgroup/cpuacct"; }));
}

TEST(Plan, TheHostsCgroupsAreBoundReadOnly) {
  spec::Config config = minimal();
  config.linux_.namespaces.pop_back();
  config.mounts.push_back(mount("/sys/fs/cgroup", "cgroup2", {"rw"}));
  PlanOptions with = options();
  with.hierarchies = {{"", "/sys/fs/cgroup/c"}};
  const Result<Plan> plan = make_plan(config, with);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->mounts.size(), 1U);
  EXPECT_EQ(plan->mounts[0].kind, Source::kTree);
  EXPECT_NE(plan->mounts[0].options.attributes.set & MOUNT_ATTR_RDONLY, 0U);
}

struct SysctlCase {
  const char* name;
  const char* key;
  bool allowed;
};
class PlanSysctl : public ::testing::TestWithParam<SysctlCase> {};

TEST_P(PlanSysctl, OnlyOfAPrivateNamespace) {
  spec::Config config = minimal();
  config.linux_.sysctl.emplace_back(GetParam().key, "1");
  EXPECT_EQ(make_plan(config, options()).has_value(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    , PlanSysctl,
    ::testing::Values(SysctlCase{"Net", "net.ipv4.ip_forward", true},
                      SysctlCase{"Slashes", "net/ipv4/ip_forward", true},
                      SysctlCase{"CorePattern", "kernel.core_pattern", false},
                      SysctlCase{"Ipc", "kernel.shmmax", false},
                      SysctlCase{"DotDot", "net.ipv4/../../kernel/core_pattern", false},
                      SysctlCase{"DoubleDot", "net..kernel", false},
                      SysctlCase{"Newline", "net.ipv4\nkernel", false},
                      SysctlCase{"Plus", "net.ipv4.x+kernel.core_pattern=a", false},
                      SysctlCase{"Empty", "", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Describe, HasTheWordsThatEnginesLookFor) {
  Plan plan;
  plan.process.args = {"/nope"};
  plan.process.candidates = {"/nope"};
  const Failure missing = describe(plan, {Message::kFailed, Stage::kLookup, 0, ENOENT});
  EXPECT_EQ(missing.error().subject,
            "unable to start container process: exec: \"/nope\": stat /nope: no such file or "
            "directory");
  const Failure directory = describe(plan, {Message::kFailed, Stage::kLookup, 0, EISDIR});
  EXPECT_EQ(directory.error().subject,
            "unable to start container process: exec: \"/nope\": permission denied");
  plan.process.args = {"nope"};
  const Failure unknown = describe(plan, {Message::kFailed, Stage::kLookup, 0xffff, ENOENT});
  EXPECT_EQ(
      unknown.error().subject,
      "unable to start container process: exec: \"nope\": executable file not found in $PATH");
}

}  // namespace
}  // namespace plimsoll::runtime
