// For the reader's tests: a host made of plain files, its groups, and one-call reads.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "cgroupfs/read/reader.h"

namespace plimsoll::cgroupfs {

// The group of this path as a tree would report it, from the directories that exist now.
inline Cgroup group_at(const Layout& layout, const std::string& path, std::uint64_t serial = 1) {
  Cgroup group;
  group.serial = serial;
  group.path = path;
  for (std::size_t h = 0; h < layout.hierarchies.size(); ++h) {
    struct stat found{};
    const std::string relative = path == "/" ? "." : path.substr(1);
    if (::fstatat(layout.hierarchies[h].dir.get(), relative.c_str(), &found, 0) == 0)
      group.inode[h] = found.st_ino;
    // A tree would count; here other directories shall make another revision.
    group.revision = group.revision * 1'000'003 + group.inode[h];
  }
  return group;
}

inline ReaderOptions options_for(const GroupSet& groups) {
  ReaderOptions options;
  options.groups = groups;
  return options;
}

class FixtureHost : public testing::Test {
 protected:
  // After the tree has its first files.
  void open() { layout_ = *open_layout("", *open_dir(host_.path().c_str())); }
  void start(const ReaderOptions& options = options_for(GroupSet::all())) {
    reader_ = make_text_reader(layout_, clock_, options);
  }
  // Reads `due` of the group into sample_, a second after the last time.
  ReadOutcome read(const Cgroup& group, TierSet due = TierSet::all(), bool full = false) {
    clock_.advance(std::chrono::seconds(1));
    ReadTarget target;
    target.cgroup = &group;
    target.sample = &sample_;
    target.due = due;
    target.full = full;
    reader_->read({&target, 1});
    return target.outcome;
  }
  [[nodiscard]] std::optional<std::uint64_t> value(Field field) const {
    return sample_.value(field);
  }

  TempTree host_;
  FakeClock clock_;
  Layout layout_;
  CgroupSample sample_;
  std::unique_ptr<CgroupReader> reader_;
};

inline constexpr TierSet kHotOnly = TierSet().with(Tier::kHot);

inline bool same_numbers(const CgroupSample& a, const CgroupSample& b) {
  return a.values() == b.values() && a.present() == b.present() && a.unlimited() == b.unlimited() &&
         a.devices == b.devices && a.hugetlb == b.hugetlb && a.numa == b.numa && a.misc == b.misc &&
         a.rdma == b.rdma && a.per_cpu_ns == b.per_cpu_ns && a.cpuset_cpus == b.cpuset_cpus &&
         a.cpuset_mems == b.cpuset_mems && a.io_limits == b.io_limits &&
         a.memory_detail == b.memory_detail && a.pressure_averages == b.pressure_averages;
}

// All of v1's files of one container, values made distinct.
inline void make_v1_container(const TempTree& host, const std::string& group) {
  const auto write = [&](const std::string& controller, const std::string& file,
                         const std::string& text) {
    host.write(controller + "/" + group + "/" + file, text);
  };
  write("cpuacct", "cpuacct.usage", "3000\n");
  write("cpuacct", "cpuacct.usage_percpu", "1000 2000 \n");
  write("cpuacct", "cpuacct.stat", "user 7\nsystem 3\n");
  write("cpu", "cpu.stat",
        "nr_periods 12\nnr_throttled 3\nthrottled_time 40000\nnr_bursts 2\nburst_time 700\n");
  write("cpu", "cpu.cfs_quota_us", "50000\n");
  write("cpu", "cpu.cfs_period_us", "100000\n");
  write("cpu", "cpu.cfs_burst_us", "0\n");
  write("cpu", "cpu.shares", "1024\n");
  write("memory", "memory.usage_in_bytes", "1000\n");
  write("memory", "memory.max_usage_in_bytes", "2000\n");
  write("memory", "memory.failcnt", "4\n");
  write("memory", "memory.kmem.usage_in_bytes", "50\n");
  write("memory", "memory.limit_in_bytes", "67108864\n");
  write("memory", "memory.soft_limit_in_bytes", "9223372036854771712\n");
  write("memory", "memory.memsw.limit_in_bytes", "9223372036854771712\n");
  write("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  write("memory", "memory.numa_stat", "total=3 N0=3\nfile=1 N0=1\nhierarchical_anon=2 N0=2\n");
  write("memory", "memory.stat",
        "cache 1\nrss 2\nmapped_file 3\npgfault 14\npgmajfault 15\ninactive_file 90\n"
        "total_cache 101\ntotal_rss 102\ntotal_shmem 104\ntotal_mapped_file 105\ntotal_dirty 106\n"
        "total_writeback 107\ntotal_workingset_refault_anon 108\n"
        "total_workingset_refault_file 109\ntotal_swap 110\ntotal_pgfault 114\n"
        "total_pgmajfault 115\ntotal_inactive_anon 116\ntotal_active_anon 117\n"
        "total_inactive_file 118\ntotal_active_file 119\ntotal_unevictable 120\n"
        "total_rss_huge 121\ntotal_pgpgin 122\n");
  write("blkio", "blkio.throttle.io_service_bytes_recursive",
        "254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 12000\n254:0 Async 288\n254:0 Discard 5\n"
        "254:0 Total 12293\n7:0 Read 1\nTotal 12294\n");
  write("blkio", "blkio.throttle.io_serviced_recursive",
        "254:0 Read 4\n254:0 Write 8\n254:0 Discard 1\n254:0 Total 13\nTotal 13\n");
  write("blkio", "blkio.throttle.read_bps_device", "254:0 1048576\n7:0 5\n");
  write("blkio", "blkio.throttle.write_bps_device", "");
  write("blkio", "blkio.throttle.read_iops_device", "");
  write("blkio", "blkio.throttle.write_iops_device", "254:0 120\n");
  write("cpu", "cpu.stat.local", "throttled_time 30000\n");
  write("pids", "pids.current", "6\n");
  write("pids", "pids.peak", "9\n");
  write("pids", "pids.max", "max\n");
  write("pids", "pids.events", "max 1\n");
  write("pids", "cgroup.procs", "10\n11\n");
  write("freezer", "freezer.state", "THAWED\n");
  write("cpuset", "cpuset.effective_cpus", "0-1\n");
  write("cpuset", "cpuset.effective_mems", "0\n");
  write("cpuset", "cpuset.memory_migrate", "1\n");
}

// All of v2's files of one container.
inline void make_v2_container(const TempTree& host, const std::string& group) {
  const auto write = [&](const std::string& file, const std::string& text) {
    host.write(group + "/" + file, text);
  };
  write("cpu.stat",
        "usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnr_periods 12\nnr_throttled 3\n"
        "throttled_usec 40\nnr_bursts 2\nburst_usec 7\nnice_usec 8\n"
        "core_sched.force_idle_usec 9\n");
  write("cpu.stat.local", "throttled_usec 30\n");
  write("cpu.max", "50000 100000\n");
  write("cpu.max.burst", "9\n");
  write("cpu.weight", "100\n");
  write("cpu.pressure", "some avg10=1.50 avg60=0.25 avg300=0.00 total=11\n");
  write("memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=13\n");
  write("io.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=14\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=15\n");
  write("irq.pressure", "full avg10=0.00 avg60=0.00 avg300=0.00 total=16\n");
  write("memory.current", "1000\n");
  write("memory.stat",
        "anon 201\nfile 202\nkernel 203\nsock 204\nshmem 205\nfile_mapped 206\nfile_dirty 207\n"
        "file_writeback 208\ninactive_anon 209\nactive_anon 210\ninactive_file 211\n"
        "active_file 212\nunevictable 213\nslab 214\nworkingset_refault_anon 215\n"
        "workingset_refault_file 216\npgscan 217\npgsteal 218\npgfault 219\npgmajfault 220\n"
        "kernel_stack 221\npercpu 222\nzswap 223\npswpin 224\nthp_fault_alloc 225\n");
  write("memory.swap.events", "high 1\nmax 2\nfail 3\n");
  write("memory.swap.high", "max\n");
  write("memory.swap.peak", "31\n");
  write("memory.zswap.max", "4096\n");
  write("memory.oom.group", "1\n");
  write("io.max",
        "8:0 rbps=1000 wbps=max riops=max wiops=20\n8:16 rbps=max wbps=max riops=max wiops=max\n");
  write("io.weight", "default 100\n8:0 200\n");
  write("memory.swap.current", "30\n");
  write("memory.peak", "2000\n");
  write("memory.max", "67108864\n");
  write("memory.high", "max\n");
  write("memory.low", "1\n");
  write("memory.min", "0\n");
  write("memory.swap.max", "max\n");
  write("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
  write("memory.events.local", "low 7\nhigh 8\nmax 9\noom 10\noom_kill 11\noom_group_kill 12\n");
  write("memory.numa_stat", "anon N0=4096\nfile N0=8192\nunevictable N0=0\n");
  write("io.stat",
        "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7\n"
        "7:7 7:6 rbytes=10 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n(unknown) rbytes=9\n");
  write("pids.current", "6\n");
  write("pids.peak", "9\n");
  write("pids.max", "100\n");
  write("pids.events", "max 1\n");
  write("cgroup.procs", "10\n11\n");
  write("cgroup.events", "populated 1\nfrozen 1\n");
  write("cgroup.stat", "nr_descendants 3\nnr_dying_descendants 12\n");
  write("cpuset.cpus.effective", "0-1\n");
  write("cpuset.mems.effective", "0\n");
  write("misc.current", "sev 2\n");
  write("misc.max", "sev 5\nsev_es max\n");
  write("rdma.current", "mlx4_0 hca_handle=2 hca_object=3\n");
  write("rdma.max", "mlx4_0 hca_handle=max hca_object=20\n");
}

inline constexpr const char* kV2Controllers = "cpuset cpu io memory hugetlb pids rdma misc\n";

}  // namespace plimsoll::cgroupfs
