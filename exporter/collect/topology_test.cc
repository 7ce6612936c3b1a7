#include "exporter/collect/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temp_tree.h"
#include "exporter/collect/machine.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string text_of(const Topology::Cache& cache) {
  return "L" + std::to_string(cache.level) + " " + cache.type + " " + std::to_string(cache.bytes);
}

std::vector<std::string> texts_of(const std::vector<Topology::Cache>& caches) {
  std::vector<std::string> texts;
  for (const Topology::Cache& cache : caches) texts.push_back(text_of(cache));
  return texts;
}

class FakeSysfs {
 public:
  FakeSysfs& cpu(int cpu, int package, int core) {
    const std::string dir = directory(cpu) + "topology/";
    tree.write(dir + "physical_package_id", std::to_string(package) + "\n");
    tree.write(dir + "die_id", "0\n");
    tree.write(dir + "core_id", std::to_string(core) + "\n");
    return *this;
  }
  FakeSysfs& cache(int cpu, int index, const std::string& level, const std::string& type,
                   const std::string& size, const std::string& shared) {
    const std::string dir = directory(cpu) + "cache/index" + std::to_string(index) + "/";
    tree.write(dir + "level", level + "\n");
    tree.write(dir + "type", type + "\n");
    tree.write(dir + "size", size + "\n");
    tree.write(dir + "shared_cpu_list", shared + "\n");
    return *this;
  }
  FakeSysfs& node(int node, const std::string& cpus, const std::string& distance) {
    const std::string dir = "devices/system/node/node" + std::to_string(node) + "/";
    tree.write(dir + "cpulist", cpus + "\n");
    tree.write(dir + "distance", distance + "\n");
    tree.write(dir + "meminfo", "Node " + std::to_string(node) + " MemTotal:       " +
                                    std::to_string(1000 + node) + " kB\nNode 0 MemFree: 1 kB\n");
    return *this;
  }
  [[nodiscard]] Topology read(std::uint64_t memory = 4096) const {
    return read_topology(open_dir(tree.path().c_str()).value(), memory);
  }

  TempTree tree;

 private:
  static std::string directory(int cpu) {
    return "devices/system/cpu/cpu" + std::to_string(cpu) + "/";
  }
};

TEST(Topology, TwoNodesOfTwoCoresWithTwoThreads) {
  FakeSysfs sysfs;
  for (int cpu = 0; cpu < 8; ++cpu) {
    const int core = cpu % 4;  // Siblings are 0,4  1,5  2,6  3,7.
    const std::string pair = std::to_string(core) + "," + std::to_string(core + 4);
    sysfs.cpu(cpu, core / 2, core % 2)
        .cache(cpu, 0, "1", "Data", "32K", pair)
        .cache(cpu, 1, "1", "Instruction", "64K", pair)
        .cache(cpu, 2, "2", "Unified", "1024K", pair)
        .cache(cpu, 3, "3", "Unified", "16M", core < 2 ? "0-1,4-5" : "2-3,6-7");
  }
  sysfs.node(0, "0-1,4-5", "10 21").node(1, "2-3,6-7", "21 10");
  sysfs.tree.write("devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "4\n");
  sysfs.tree.write("devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
  const Topology topology = sysfs.read();
  ASSERT_EQ(topology.nodes.size(), 2U);
  const Topology::Node& second = topology.nodes[1];
  EXPECT_EQ(second.id, 1U);
  EXPECT_EQ(second.memory_bytes, 1001U * 1024);
  ASSERT_EQ(second.cores.size(), 2U);
  EXPECT_EQ(second.cores[0].id, "0");
  EXPECT_EQ(second.cores[0].package, 1);
  EXPECT_THAT(second.cores[0].threads, ElementsAre(2, 6));
  EXPECT_THAT(texts_of(second.cores[0].caches),
              ElementsAre("L1 Data 32768", "L1 Instruction 65536", "L2 Unified 1048576"));
  EXPECT_THAT(texts_of(second.caches), ElementsAre("L3 Unified 16777216"));
  ASSERT_EQ(second.huge_pages.size(), 2U);
  EXPECT_EQ(second.huge_pages[0].page_kib, 2048U);
  EXPECT_EQ(second.huge_pages[0].count, 512U);
  ASSERT_EQ(second.distances.size(), 2U);
  EXPECT_EQ(second.distances[0].node, 0U);
  EXPECT_EQ(second.distances[0].distance, 21U);
}

TEST(Topology, WithoutNumaThereIsNodeZeroWithTheMachinesMemory) {
  FakeSysfs sysfs;
  sysfs.tree.write("devices/system/cpu/online", "0\n");
  sysfs.tree.write("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "7\n");
  sysfs.cpu(0, 0, 0).cache(0, 0, "3", "Unified", "8M", "0");
  const Topology topology = sysfs.read(123'456);
  ASSERT_EQ(topology.nodes.size(), 1U);
  EXPECT_EQ(topology.nodes[0].memory_bytes, 123'456U);
  EXPECT_EQ(topology.nodes[0].huge_pages.at(0).count, 7U);
  EXPECT_THAT(texts_of(topology.nodes[0].caches), ElementsAre("L3 Unified 8388608"));
  EXPECT_THAT(topology.nodes[0].cores.at(0).caches, IsEmpty());
}

TEST(Topology, CoresOfTwoPackagesInOneNodeKeepDifferentNames) {
  FakeSysfs sysfs;
  sysfs.tree.write("devices/system/cpu/online", "0-2\n");
  sysfs.cpu(0, 0, 0).cpu(1, 1, 0).cpu(2, 1, 5);
  const Topology topology = sysfs.read();
  ASSERT_EQ(topology.nodes.at(0).cores.size(), 3U);
  EXPECT_EQ(topology.nodes[0].cores[0].id, "0-0");
  EXPECT_EQ(topology.nodes[0].cores[1].id, "1-0");
  EXPECT_EQ(topology.nodes[0].cores[2].id, "5");
}

TEST(Topology, ACacheOfSomeCoresIsListedAtEach) {
  FakeSysfs sysfs;
  sysfs.tree.write("devices/system/cpu/online", "0-3\n");
  for (int cpu = 0; cpu < 4; ++cpu)
    sysfs.cpu(cpu, 0, cpu).cache(cpu, 0, "3", "Unified", "16M", cpu < 2 ? "0-1" : "2-3");
  const Topology topology = sysfs.read();
  for (const Topology::Core& core : topology.nodes.at(0).cores)
    EXPECT_THAT(texts_of(core.caches), ElementsAre("L3 Unified 16777216"));
  EXPECT_THAT(topology.nodes[0].caches, IsEmpty());
}

TEST(Topology, OfflineCpusAndUnreadableFilesAreLeftOut) {
  FakeSysfs sysfs;
  sysfs.node(0, "0-1", "10").cpu(0, 0, 0).cache(0, 0, "", "Data", "32K", "0");
  const Topology topology = sysfs.read();
  ASSERT_EQ(topology.nodes.at(0).cores.size(), 1U) << "CPU 1 has no topology";
  EXPECT_THAT(topology.nodes[0].cores[0].caches, IsEmpty()) << "a cache without a level";
}

TEST(CacheBytes, TakesSysfsSuffixes) {
  EXPECT_EQ(cache_bytes("32K"), 32'768U);
  EXPECT_EQ(cache_bytes("8M"), 8'388'608U);
  EXPECT_EQ(cache_bytes("1G"), 1U << 30U);
  EXPECT_EQ(cache_bytes("512"), 512U);
  for (const char* bad : {"", "K", "-1K", "1T", "18446744073709551615K"})
    EXPECT_EQ(cache_bytes(bad), 0U) << bad;
}

TEST(Topology, ThisMachinesThreadsAreAllThere) {
  const Topology topology = read_topology(open_dir("/sys").value(), 1);
  std::size_t threads = 0;
  for (const Topology::Node& node : topology.nodes)
    for (const Topology::Core& core : node.cores) threads += core.threads.size();
  EXPECT_EQ(threads, static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

TEST(Machine, PersistentMemoryIsTheSumOfItsRegions) {
  const TempTree tree{{"proc/meminfo", "MemTotal: 8 kB\n"},
                      {"proc/stat", "btime 1\n"},
                      {"id/mine", "\n"},
                      {"id/theirs", "  m4ch1ne \n"},
                      {"sys/bus/nd/devices/region0/devtype", "nd_pmem\n"},
                      {"sys/bus/nd/devices/region0/size", "1000\n"},
                      {"sys/bus/nd/devices/region1/devtype", "nd_volatile\n"},
                      {"sys/bus/nd/devices/region1/size", "7\n"},
                      {"sys/bus/nd/devices/region2/devtype", "nd_pmem\n"},
                      {"sys/bus/nd/devices/region2/size", "24\n"}};
  const DirFd proc = open_dir((tree.path() + "/proc").c_str()).value();
  const DirFd sys = open_dir((tree.path() + "/sys").c_str()).value();
  const DirFd none = open_dir((tree.path() + "/id").c_str()).value();
  const MachineOptions options{
      .host_root = tree.path(),
      .files = {.machine_id = {"/id/none", "/id/mine", "/id/theirs"}, .boot_id = {"/id/theirs"}}};
  const MachineInfo info = read_machine(proc, sys, options).value();
  EXPECT_EQ(info.persistent_memory_bytes, 1024U);
  EXPECT_EQ(info.machine_id, "m4ch1ne") << "the first file that says something";
  EXPECT_EQ(info.boot_id, "m4ch1ne");
  EXPECT_FALSE(info.topology) << "only when asked for";
  EXPECT_EQ(read_machine(proc, none, {}).value().persistent_memory_bytes, std::nullopt);
}

}  // namespace
}  // namespace plimsoll::exporter
