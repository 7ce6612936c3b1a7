// Facts about the machine: the parsers by tables, the reader on recorded trees.
#include "exporter/collect/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temp_tree.h"
#include "exporter/collect/machine_parse.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;

constexpr const char* kMeminfo =
    "MemTotal:       24682416 kB\nMemFree:        22865564 kB\nSwapTotal:       1048576 kB\n"
    "HugePages_Total:       0\n";
constexpr const char* kStat =
    "cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 5 6\nctxt 7\nbtime 1763681581\n";

TEST(Meminfo, TakesTotalsInBytesAndSkipsTheRest) {
  const MemInfo info = parse_meminfo(kMeminfo).value();
  EXPECT_EQ(info.total_bytes, 24682416ULL * 1024);
  EXPECT_EQ(info.swap_total_bytes, 1ULL << 30);
  EXPECT_EQ(parse_meminfo("").value().total_bytes, std::nullopt);
}

TEST(Meminfo, NamesTheMalformedLine) {
  for (const std::string bad : {"MemTotal: 12", "MemTotal: x kB", "MemTotal: -1 kB", "MemTotal 12",
                                "MemTotal: 18446744073709551615 kB"}) {
    const auto info = parse_meminfo("SwapTotal: 1 kB\n" + bad + "\n");
    ASSERT_FALSE(info) << bad;
    EXPECT_EQ(info.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(info.error().subject, bad);
  }
}

TEST(CpuList, ExpandsRanges) {
  EXPECT_THAT(parse_cpu_list("0-2,5,7-8\n").value(), ElementsAre(0, 1, 2, 5, 7, 8));
  EXPECT_THAT(parse_cpu_list("\n").value(), ElementsAre());
  for (const char* bad : {"0-", "3-1", "a", "0,-1", "0-99999999"})
    EXPECT_FALSE(parse_cpu_list(bad)) << bad;
}

TEST(StatFacts, CountsCpusAndTakesBootTime) {
  const StatFacts facts = parse_stat_facts(kStat).value();
  EXPECT_EQ(facts.cpus, 2U) << "the sum line is not a CPU";
  EXPECT_EQ(facts.btime, 1763681581U);
  EXPECT_EQ(parse_stat_facts("btime soon\n").error().subject, "btime soon");
}

TEST(PrettyName, UnquotesAndTakesTheLast) {
  EXPECT_EQ(parse_pretty_name("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(parse_pretty_name("PRETTY_NAME=a\nPRETTY_NAME='b \\$ c'"), "b $ c");
  EXPECT_EQ(parse_pretty_name("PRETTY_NAME=\"\n"), "\"");
  EXPECT_EQ(parse_pretty_name("NAME=x"), "");
}

struct Host {
  TempTree tree;
  DirFd proc, sys;
  explicit Host(std::initializer_list<TempFile> files)
      : tree(files),
        proc(open_dir((tree.path() + "/proc").c_str()).value()),
        sys(open_dir((tree.path() + "/sys").c_str()).value()) {}
  [[nodiscard]] Result<MachineInfo> read() const {
    return read_machine(proc, sys, {.host_root = tree.path() + "/root", .files = {}});
  }
};

// Two sockets with two cores of two threads each; CPU 7 is offline (no topology).
struct TwoSockets : Host {
  TwoSockets()
      : Host{{"proc/meminfo", kMeminfo},
             {"proc/stat", kStat},
             {"sys/devices/system/cpu/online", "0-6\n"},
             {"root/", ""}} {
    for (int cpu = 0; cpu < 7; ++cpu) {
      const std::string dir = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
      tree.write(dir + "physical_package_id", std::to_string(cpu / 4) + "\n");
      tree.write(dir + "core_id", std::to_string(cpu % 4 / 2) + "\n");
    }
  }
};

TEST(Machine, CountsSocketsCoresAndOnlineThreads) {
  const MachineInfo info = TwoSockets().read().value();
  EXPECT_EQ(info.cores, 7U);
  EXPECT_EQ(info.physical_cores, 4U);
  EXPECT_EQ(info.sockets, 2U);
  EXPECT_EQ(info.books, 0U);
  EXPECT_EQ(info.drawers, 0U);
  EXPECT_EQ(info.memory_bytes, 24682416ULL * 1024);
  EXPECT_EQ(info.boot_time_seconds, 1763681581U);
}

TEST(Machine, CoresOfDifferentDiesAreDifferent) {
  const TwoSockets host;
  for (int cpu = 0; cpu < 7; ++cpu)
    host.tree.write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/die_id",
                    std::to_string(cpu % 2));
  EXPECT_EQ(host.read().value().physical_cores, 7U);
}

TEST(Machine, WithoutSysfsTopologyAsksCpuinfo) {
  const Host host{{"proc/meminfo", kMeminfo},
                  {"proc/stat", kStat},
                  {"proc/cpuinfo",
                   "processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n\n"
                   "processor\t: 1\nphysical id\t: 0\ncore id\t\t: 1\n\n"},
                  {"sys/", ""}};
  const MachineInfo info = host.read().value();
  EXPECT_EQ(info.cores, 2U) << "from the cpuN lines of stat";
  EXPECT_EQ(info.physical_cores, 2U);
  EXPECT_EQ(info.sockets, 1U);
}

TEST(Machine, IdentityComesFromTheHostsRoot) {
  const Host host{{"proc/meminfo", kMeminfo},
                  {"proc/stat", kStat},
                  {"proc/sys/kernel/random/boot_id", "b00t\n"},
                  {"proc/sys/kernel/osrelease", "6.1.0\n"},
                  {"proc/sys/kernel/hostname", "agent-pod\n"},
                  {"root/etc/hostname", "node-7\n"},
                  {"root/var/lib/dbus/machine-id", "abc123\n"},
                  {"root/usr/lib/os-release", "PRETTY_NAME=\"Some OS\"\n"},
                  {"sys/class/dmi/id/product_uuid", "4c4c4544\n"}};
  // An absolute link means the host's root, not ours.
  ASSERT_EQ(::symlink("/usr/lib/os-release", (host.tree.path() + "/root/etc/os-release").c_str()),
            0);
  const MachineInfo info = host.read().value();
  EXPECT_EQ(info.machine_id, "abc123");
  EXPECT_EQ(info.system_uuid, "4c4c4544");
  EXPECT_EQ(info.boot_id, "b00t");
  EXPECT_EQ(info.kernel_version, "6.1.0");
  EXPECT_EQ(info.hostname, "node-7");
  EXPECT_EQ(info.os_version, "Some OS");
}

TEST(Machine, UnreadableFactsStayEmptyButMemoryIsNeeded) {
  const Host bare{{"proc/meminfo", kMeminfo}, {"proc/stat", kStat}, {"sys/", ""}};
  const MachineInfo info = bare.read().value();
  EXPECT_EQ(info.machine_id, "");
  EXPECT_EQ(info.system_uuid, "");
  EXPECT_EQ(info.dimms.size(), 0U);
  const Host empty{{"proc/", ""}, {"sys/", ""}};
  ASSERT_FALSE(empty.read());
  EXPECT_EQ(empty.read().error().subject, "meminfo");
}

TEST(Machine, SumsDimmsByType) {
  const TwoSockets host;
  const std::string mc = "sys/devices/system/edac/mc/";
  for (const std::string dimm : {"mc0/dimm0/", "mc0/dimm1/", "mc1/dimm0/"}) {
    host.tree.write(mc + dimm + "dimm_mem_type", "Registered-DDR4\n");
    host.tree.write(mc + dimm + "size", "16384\n");
  }
  host.tree.write(mc + "mc1/dimm1/size", "0\n");  // An empty slot has no type.
  const MachineInfo info = host.read().value();
  ASSERT_EQ(info.dimms.size(), 1U);
  EXPECT_EQ(info.dimms[0].type, "Registered-DDR4");
  EXPECT_EQ(info.dimms[0].count, 3U);
  EXPECT_EQ(info.dimms[0].bytes, 3ULL * 16384 * 1024 * 1024);
}

TEST(Machine, ThisMachineHasCpusAndMemory) {
  const DirFd proc = open_dir("/proc").value();
  const DirFd sys = open_dir("/sys").value();
  const MachineInfo info = read_machine(proc, sys, {}).value();
  EXPECT_EQ(info.cores, static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GE(info.cores, info.physical_cores);
  EXPECT_GE(info.physical_cores, info.sockets);
  EXPECT_GT(info.memory_bytes, 1ULL << 20);
  EXPECT_GT(info.boot_time_seconds, 1'000'000'000U);
  EXPECT_NE(info.kernel_version, "");
  EXPECT_EQ(info.boot_id.size(), 36U);
}

}  // namespace
}  // namespace plimsoll::exporter
