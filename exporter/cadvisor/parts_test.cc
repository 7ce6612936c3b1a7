// The parts below the views: percentiles, processes, machine facts, storage, the worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "base/temp_tree.h"
#include "exporter/cadvisor/api_worker.h"
#include "exporter/cadvisor/machine_facts.h"
#include "exporter/cadvisor/processes.h"
#include "exporter/cadvisor/storage.h"
#include "exporter/cadvisor/summary.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Percentiles, InterpolateBetweenNeighbours) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t i = 100; i >= 1; --i) values.push_back(i);
  const Percentiles all = percentiles_of(values);
  EXPECT_EQ(all, (Percentiles{.present = true,
                              .mean = 50,
                              .std = 28,
                              .max = 100,
                              .fifty = 50,
                              .ninety = 90,
                              .ninety_five = 95,
                              .count = 100}));
  EXPECT_EQ(percentiles_of({7}).ninety_five, 7U);
  EXPECT_FALSE(percentiles_of({}).present);
}

// A host that uses `cores` and `memory` for `minutes`, one sample a second.
void run(Summaries& summaries, Snapshot& snapshot, int minutes, float cores, std::uint64_t memory) {
  for (int second = 0; second < minutes * 60; ++second) {
    snapshot.taken += seconds(1);
    snapshot.wall += seconds(1);
    snapshot.rates[0].cpu_cores = cores;
    snapshot.set(cgroupfs::Field::kMemoryWorkingSet, 0, memory);
    summaries.observe(snapshot);
  }
}

TEST(Summaries, MinuteHourAndDay) {
  Summaries summaries;
  const auto snapshot = make_snapshot({container_row("web", 2)});
  const std::uint64_t serial = snapshot->rows[0].serial;
  EXPECT_FALSE(summaries.read(serial));
  run(summaries, *snapshot, 90, 0.5F, 1'048'576);
  run(summaries, *snapshot, 30, 2.0F, 3'145'728);
  summaries.observe(*snapshot);
  const DerivedUsage usage = summaries.read(serial).value();
  EXPECT_EQ(usage.at, snapshot->wall);
  EXPECT_EQ(usage.latest_cpu, 2000U);
  EXPECT_EQ(usage.latest_memory, 3'145'728U);
  EXPECT_EQ(usage.minute.percent_complete, 100);
  EXPECT_EQ(usage.minute.cpu.count, 60U);
  EXPECT_EQ(usage.minute.cpu.ninety, 2000U);
  EXPECT_EQ(usage.minute.cpu.std, 0U);
  EXPECT_EQ(usage.hour.percent_complete, 100);
  EXPECT_EQ(usage.hour.cpu.count, 60U);
  EXPECT_NEAR(static_cast<double>(usage.hour.cpu.mean), 1250, 60) << "half of the hour";
  EXPECT_EQ(usage.hour.memory.max, 3'145'728U);
  EXPECT_EQ(usage.day.percent_complete, 119 * 100 / 1440) << "the last minute is not over";
  EXPECT_EQ(usage.day.cpu.fifty, 500U);
  EXPECT_GT(usage.day.cpu.std, 100U);
  EXPECT_LT(summaries.bytes(), 8'000U);
}

TEST(Summaries, TheFirstMinuteIsToldAsFarAsItIs) {
  Summaries summaries;
  const auto snapshot = make_snapshot({container_row("web", 2)});
  for (int i = 0; i < 31; ++i) {
    snapshot->taken += seconds(1);
    snapshot->rates[0].cpu_cores = 1.0F;
    summaries.observe(*snapshot);
  }
  const DerivedUsage usage = summaries.read(snapshot->rows[0].serial).value();
  EXPECT_EQ(usage.minute.percent_complete, 50);
  EXPECT_EQ(usage.minute.cpu.mean, 1000U);
  EXPECT_EQ(usage.hour.percent_complete, 0);
  EXPECT_FALSE(usage.hour.cpu.present);
}

TEST(Summaries, FastTicksAreThinnedAndTheGoneForgotten) {
  Summaries summaries;
  const auto snapshot = make_snapshot({container_row("web", 2)});
  for (int i = 0; i < 300; ++i) {
    snapshot->taken += milliseconds(100);
    summaries.observe(*snapshot);
  }
  EXPECT_EQ(summaries.read(snapshot->rows[0].serial)->minute.cpu.count, 34U);
  summaries.observe(*make_snapshot({}));
  EXPECT_FALSE(summaries.read(snapshot->rows[0].serial));
}

const std::string kStat =
    "42 (a) (b) S 1 42 42 34816 42 4194560 100 0 0 0 6000 500 0 0 20 0 3 0 1000 1048576 256 "
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 5 0 0 0 0 0\n";

TEST(ProcessStat, NamesMayHoldParentheses) {
  const auto stat = parse_process_stat(kStat);
  ASSERT_TRUE(stat) << stat.error().message();
  EXPECT_EQ(stat->comm, "a) (b");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->utime, 6000U);
  EXPECT_EQ(stat->starttime, 1000U);
  EXPECT_EQ(stat->rss_pages, 256);
  EXPECT_EQ(stat->processor, 5);
}

TEST(ProcessStat, MalformedNamesTheLine) {
  const std::string long_state = "42 (a) SS" + kStat.substr(11);
  for (const std::string& bad :
       {std::string(), std::string("42 a S 1"), std::string("42 (a) S 1 2 3"), long_state}) {
    const auto stat = parse_process_stat(bad);
    ASSERT_FALSE(stat) << bad;
    EXPECT_EQ(stat.error().kind, ErrorKind::kMalformed);
  }
}

TEST(ProcessCgroup, MemoryThenCpuThenUnified) {
  EXPECT_EQ(parse_process_cgroup("9:cpu,cpuacct:/c\n4:memory:/m\n0::/u\n"), "/m");
  EXPECT_EQ(parse_process_cgroup("9:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/u\n"), "/c");
  EXPECT_EQ(parse_process_cgroup("0::/u:with:colons\n"), "/u:with:colons");
  EXPECT_EQ(parse_process_cgroup(""), "/");
}

TEST(ProcessRow, ColumnsAsPsPrintsThem) {
  ProcessTable table;
  table.now = WallTime(seconds(1'700'000'000));
  table.boot_time_seconds = 1'699'999'000;
  table.memory_bytes = 104'857'600;
  table.users = parse_passwd("root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:/bin/false\nbad\n");
  const ProcessRow row = process_row(42, 33, *parse_process_stat(kStat), table);
  EXPECT_EQ(row.user, "web");
  EXPECT_EQ(row.percent_cpu, 6.6) << "65 s of 990";
  EXPECT_EQ(row.percent_memory, 1.0);
  EXPECT_EQ(row.rss, 1'048'576U);
  EXPECT_EQ(row.status, "Ssl+");
  EXPECT_EQ(row.running_time, "00:01:05");
  EXPECT_EQ(row.psr, 5);
  EXPECT_THAT(row.start_time, ::testing::MatchesRegex("[0-9]{2}:[0-9]{2}|[A-Z][a-z]{2}[0-9]{2}"));
  EXPECT_EQ(process_row(42, 99, *parse_process_stat(kStat), table).user, "99");
}

TEST(ListProcesses, OfOneContainerOrOfAll) {
  const TempTree proc{{"42/stat", kStat},
                      {"42/cgroup", "0::/docker/a\n"},
                      {"42/fd/0", ""},
                      {"42/fd/1", ""},
                      {"7/stat", kStat},
                      {"7/cgroup", "0::/\n"},
                      {"9/cgroup", "0::/docker/a\n"},  // Ends while it is looked at.
                      {"self/stat", kStat}};
  const DirFd dir = open_dir(proc.path().c_str()).value();
  const auto of_a = list_processes(dir, "/docker/a", {});
  ASSERT_TRUE(of_a) << of_a.error().message();
  ASSERT_EQ(of_a->size(), 1U);
  EXPECT_EQ(of_a->front().pid, 42);
  EXPECT_EQ(of_a->front().fd_count, 2U);
  const auto all = list_processes(dir, "/", {});
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().pid, 7);
  EXPECT_EQ(all->front().fd_count, std::nullopt);
}

TEST(ListProcesses, FindsThisProcess) {
  const DirFd proc = open_dir("/proc").value();
  const auto all = list_processes(proc, "/", {});
  ASSERT_TRUE(all);
  const auto self = std::ranges::find(*all, ::getpid(), &ProcessRow::pid);
  ASSERT_NE(self, all->end());
  EXPECT_THAT(self->cmd, HasSubstr("plimsoll"));
  EXPECT_GT(self->fd_count.value_or(0), 2U);
}

TEST(MachineFacts, FromProcAndSys) {
  const TempTree host{
      {"proc/cpuinfo",
       "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu MHz\t\t: 2445.406\n\nprocessor\t: 1\n"
       "vendor_id\t: AuthenticAMD\ncpu MHz\t\t: 3000.5\n"},
      {"sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n"},
      {"sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n"},
      {"sys/block/vda/dev", "254:0\n"},
      {"sys/block/vda/size", "20971520\n"},
      {"sys/block/vda/queue/scheduler", "[mq-deadline] kyber none\n"},
      {"sys/block/loop0/dev", "7:0\n"},
      {"sys/block/loop0/size", "8\n"},
      {"sys/class/net/eth0/address", "02:42:ac:11:00:02\n"},
      {"sys/class/net/eth0/mtu", "1500\n"},
      {"sys/class/net/eth0/speed", "-1\n"},
      {"sys/class/net/lo/address", "00:00:00:00:00:00\n"},
      {"sys/class/net/veth1/address", "02:42:ac:11:00:03\n"}};
  const MachineFacts facts = read_machine_facts(open_dir((host.path() + "/proc").c_str()).value(),
                                                open_dir((host.path() + "/sys").c_str()).value());
  EXPECT_EQ(facts.vendor_id, "AuthenticAMD");
  EXPECT_EQ(facts.frequency_khz, 3'000'500U);
  EXPECT_THAT(facts.hugepages, ElementsAre(HugePageCount{2048, 8}, HugePageCount{1'048'576, 0}));
  EXPECT_THAT(facts.disks, ElementsAre(DiskFact{"vda", 254, 0, 10'737'418'240, "mq-deadline"}));
  EXPECT_THAT(facts.network_devices,
              ElementsAre(NetworkDeviceFact{"eth0", "02:42:ac:11:00:02", 0, 1500}));
  EXPECT_EQ(parse_scheduler("none\n"), "none");
}

TEST(StorageLabels, SayWhichDiskHoldsWhat) {
  const auto mounts = parse_mounts(
                          "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                          "21 20 254:2 / /var/lib/docker rw - xfs /dev/vdb rw\n")
                          .value();
  const auto exists = [](const std::string& path) {
    return path.find("overlay-images") == std::string::npos;
  };
  EXPECT_THAT(storage_labels(mounts, {}, exists),
              ElementsAre(Pair("crio-containers", "/dev/vda1"), Pair("docker-images", "/dev/vdb"),
                          Pair("root", "/dev/vda1")));
}

TEST(DeviceOfUuid, FollowsTheLinkAndNothingElse) {
  const TempTree host{{"dev/disk/by-uuid/", ""}};
  const std::string link = host.path() + "/dev/disk/by-uuid/1234-ABCD";
  ASSERT_EQ(::symlink("../../vda1", link.c_str()), 0);
  EXPECT_EQ(device_of_uuid(host.path(), "1234-ABCD").value(), "/dev/vda1");
  for (const char* bad : {"", "nope", "../by-uuid/1234-ABCD", ".."})
    EXPECT_EQ(device_of_uuid(host.path(), bad).error().kind, ErrorKind::kNotOffered) << bad;
}

TEST(ApiWorker, AnswersInOrderRefusesTheTooManyAndDropsAtTheEnd) {
  ApiWorker worker(2);
  std::promise<void> begun;
  std::promise<void> gate;
  std::vector<int> order;
  ASSERT_TRUE(worker.post([&] {
    begun.set_value();
    gate.get_future().wait();
    order.push_back(1);
  }));
  begun.get_future().wait();
  std::promise<void> done;
  EXPECT_TRUE(worker.post([&] { order.push_back(2); }));
  EXPECT_TRUE(worker.post([&] { done.set_value(); }));
  EXPECT_FALSE(worker.post([] {})) << "two wait already";
  gate.set_value();
  done.get_future().wait();
  worker.stop();
  EXPECT_THAT(order, ElementsAre(1, 2));
  EXPECT_FALSE(worker.post([] {}));
}

}  // namespace
}  // namespace plimsoll::exporter
