#include "agent/doctor/facts.h"

#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll::agent {
namespace {

// Roots of a made-up host: everything the doctor knows must come from them.
exporter::SamplerConfig roots(const TempTree& tree) {
  exporter::SamplerConfig config;
  config.cgroup_root = tree.path() + "/cgroup";
  config.proc_root = tree.path() + "/proc";
  config.sys_root = tree.path() + "/sys";
  config.host_root = config.inventory.host_root = tree.path() + "/host";
  return config;
}

TEST(Facts, OfAHybridHost) {
  const TempTree tree{
      {"proc/self/mountinfo",
       "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
       "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
       "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
      {"proc/self/status", "Name:\tx\nCapEff:\t0000000000080000\nCapBnd:\t0\n"},
      {"proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"},
      {"proc/1/comm", "systemd\n"},
      {"proc/sys/fs/inotify/max_user_instances", "128\n"},
      {"proc/sys/fs/inotify/max_user_watches", "65536\n"},
      {"proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
      {"proc/meminfo", "MemTotal:  1024 kB\nSwapTotal:        2048 kB\n"},
      {"proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t41\t1\n"},
      {"proc/cmdline", "quiet psi=1\n"},
      {"sys/kernel/btf/vmlinux", "x"},
      {"cgroup/cpu,cpuacct/docker/abc/cgroup.procs", ""},
      {"cgroup/memory/memory.memsw.usage_in_bytes", "0\n"},
      {"cgroup/memory/docker/cgroup.procs", ""},
      {"cgroup/unified/cgroup.controllers", ""},
      {"cgroup/unified/docker/cpu.pressure", ""},
      {"host/var/lib/docker/containers/", ""}};
  const HostFacts facts = gather_facts(roots(tree));
  EXPECT_EQ(facts.cgroup_error, "");
  EXPECT_EQ(facts.mode, cgroupfs::Mode::kHybrid);
  EXPECT_EQ(facts.hierarchies.size(), 3U);
  EXPECT_EQ(facts.cgroups, 3U);      // "/", "/docker", "/docker/abc"
  EXPECT_EQ(facts.directories, 7U);  // Three roots, three times docker, abc once.
  EXPECT_TRUE(facts.host_pressure);
  EXPECT_TRUE(facts.cgroup_pressure);  // Of a child: the root of a tree may lack it.
  EXPECT_TRUE(facts.swap_accounting);
  EXPECT_EQ(facts.swap_bytes, 2048U * 1024);
  EXPECT_EQ(facts.kernel_release, "6.1.0-18-amd64");
  EXPECT_EQ(facts.init, "systemd");
  EXPECT_EQ(facts.inotify_instances, 128U);
  EXPECT_EQ(facts.inotify_watches, 65536U);
  EXPECT_EQ(facts.capabilities, 0x80000U);
  EXPECT_TRUE(facts.btf);
  ASSERT_EQ(facts.kernel_controllers.size(), 1U);
  EXPECT_EQ(facts.kernel_controllers[0], (ControllerFact{"memory", true, true}));
  bool docker = false;
  for (const auto& runtime : facts.runtimes)
    docker = docker || (runtime.runtime == inventory::Runtime::kDocker && runtime.present &&
                        runtime.readable);
  EXPECT_TRUE(docker);
}

TEST(Facts, OfAnEmptyHostAreAbsent) {
  const TempTree tree{{"proc/", ""}, {"sys/", ""}, {"host/", ""}};
  const HostFacts facts = gather_facts(roots(tree));
  EXPECT_EQ(facts.mode, std::nullopt);
  EXPECT_NE(facts.cgroup_error, "");
  EXPECT_EQ(facts.kernel_release, "");
  EXPECT_EQ(facts.inotify_watches, std::nullopt);
  EXPECT_EQ(facts.capabilities, std::nullopt);
  EXPECT_FALSE(facts.host_pressure);
  EXPECT_FALSE(facts.btf);
}

TEST(Facts, OfAMissingProcNameIt) {
  const TempTree tree;
  const HostFacts facts = gather_facts(roots(tree));
  EXPECT_NE(facts.cgroup_error.find(tree.path() + "/proc"), std::string::npos)
      << facts.cgroup_error;
}

TEST(ParseProcCgroups, SkipsWhatItDoesNotUnderstand) {
  const auto controllers = parse_proc_cgroups(
      "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t17\t1\nmemory\t0\t15\t0\nbroken\n\n");
  ASSERT_EQ(controllers.size(), 2U);
  EXPECT_EQ(controllers[0], (ControllerFact{"cpu", true, true}));
  EXPECT_EQ(controllers[1], (ControllerFact{"memory", false, false}));
  EXPECT_TRUE(parse_proc_cgroups("").empty());
}

TEST(ParseHidepid, LooksAtTheMountAsked) {
  const char* text =
      "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,gid=5,hidepid=invisible\n"
      "23 27 0:22 / /other rw - proc proc rw,hidepid=1,gid=4\n"
      "24 27 0:23 / /plain rw - proc proc rw\n"
      "25 27 0:23 / /off rw - proc proc rw,hidepid=off\n"
      "26 27 0:23 / /disk rw - ext4 /dev/proc rw,hidepid=2\n";
  EXPECT_EQ(parse_hidepid(text, "/proc"), "invisible");
  EXPECT_EQ(parse_hidepid(text, "/other"), "1");
  EXPECT_EQ(parse_hidepid(text, "/plain"), "");
  EXPECT_EQ(parse_hidepid(text, "/off"), "");
  EXPECT_EQ(parse_hidepid(text, "/disk"), "");
  EXPECT_EQ(parse_hidepid("", "/proc"), "");
}

}  // namespace
}  // namespace plimsoll::agent
