// Groups that cAdvisor has off by default: hugetlb, memory_numa, cpuset, process,
// referenced_memory.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::HugetlbUsage;
using cgroupfs::NumaUsage;

template <std::optional<std::uint64_t> HugetlbUsage::* kMember>
void write_hugetlb(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const HugetlbUsage& pages : context.snapshot.hugetlb.of(row))
      if (pages.*kMember) out.count(labels, *(pages.*kMember), {{"pagesize", pages.page_size}});
  });
}

struct NumaMember {
  std::string_view type, scope;
  std::optional<std::uint64_t> NumaUsage::* bytes;
};

void write_numa(FamilyWriter& out, const Context& context) {
  static constexpr NumaMember kMembers[] = {
      {"file", "container", &NumaUsage::file},
      {"anon", "container", &NumaUsage::anon},
      {"unevictable", "container", &NumaUsage::unevictable},
      {"file", "hierarchy", &NumaUsage::file_total},
      {"anon", "hierarchy", &NumaUsage::anon_total},
      {"unevictable", "hierarchy", &NumaUsage::unevictable_total}};
  const std::uint64_t page = context.snapshot.machine ? context.snapshot.machine->page_size : 4096;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const NumaUsage& numa : context.snapshot.numa.of(row)) {
      char node[kMaxNumber];
      const std::string_view node_text(node, put_unsigned(node, numa.node));
      for (const auto& [type, scope, bytes] : kMembers) {
        if (!(numa.*bytes)) continue;
        out.count(labels, *(numa.*bytes) / page,
                  {{"type", type}, {"scope", scope}, {"node", node_text}});
      }
    }
  });
}

// -1 without a limit, as cAdvisor.
void write_ulimits(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto limit = context.snapshot.limit(Field::kOpenFilesLimit, row);
    if (!limit) return;
    if (limit->is_none()) return out.integer(labels, -1, {{"ulimit", "max_open_files"}});
    out.count(labels, limit->value(), {{"ulimit", "max_open_files"}});
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kFd = "PROC/PID/fd of cgroup.procs";

constexpr Family kFamilies[] = {
    {{"container_hugetlb_usage_bytes", kGauge, "bytes", Group::kHugetlb, "pagesize",
      "Huge pages in use.", "hugetlb.SIZE.usage_in_bytes", "hugetlb.SIZE.current", ""},
     write_hugetlb<&HugetlbUsage::usage_bytes>},
    {{"container_hugetlb_max_usage_bytes", kGauge, "bytes", Group::kHugetlb, "pagesize",
      "Highest use of huge pages so far.", "hugetlb.SIZE.max_usage_in_bytes", "-",
      "Absent on v2, where cAdvisor prints 0."},
     write_hugetlb<&HugetlbUsage::peak_bytes>},
    {{"container_hugetlb_failcnt", kCounter, "", Group::kHugetlb, "pagesize",
      "Times that the huge page limit was met.", "hugetlb.SIZE.failcnt", "hugetlb.SIZE.events: max",
      ""},
     write_hugetlb<&HugetlbUsage::failcnt>},
    {{"container_memory_numa_pages", kGauge, "", Group::kMemoryNuma, "type,scope,node",
      "Pages by NUMA node.", "memory.numa_stat", "memory.numa_stat",
      "On v2 scope is hierarchy; cAdvisor prints nothing there."},
     write_numa},
    {{"container_memory_migrate", kGauge, "", Group::kCpuset, "",
      "1 if memory moves along when cpuset.mems changes.", "cpuset.memory_migrate", "-",
      "Absent on v2, where cAdvisor prints 0."},
     write_field<Field::kCpusetMemoryMigrate>},
    {{"container_processes", kGauge, "", Group::kProcess, "",
      "Processes in the cgroup itself, without descendants.", "cgroup.procs", "cgroup.procs", ""},
     write_field<Field::kProcesses>},
    {{"container_file_descriptors", kGauge, "", Group::kProcess, "",
      "Open descriptors of the processes in the cgroup itself.", kFd, kFd,
      "Absent when a process may not be looked at (CAP_SYS_PTRACE; before Linux 6.2); cAdvisor "
      "counts it as 0."},
     write_field<Field::kFileDescriptors>},
    {{"container_sockets", kGauge, "", Group::kProcess, "",
      "Open descriptors of the processes in the cgroup itself that are sockets.", kFd, kFd,
      "Absent without CAP_SYS_PTRACE for other users' processes, where cAdvisor prints 0."},
     write_field<Field::kSockets>},
    {{"container_ulimits_soft", kGauge, "", Group::kProcess, "ulimit",
      "Soft limit of the container's first process, -1 without one.", "PROC/PID/limits",
      "PROC/PID/limits", "ulimit is max_open_files."},
     write_ulimits},
    {{"container_referenced_bytes", kGauge, "bytes", Group::kReferencedMemory, "",
      "Memory of the processes in the cgroup itself that was used since it was last cleared.",
      "PROC/PID/smaps_rollup: Referenced, else PROC/PID/smaps",
      "PROC/PID/smaps_rollup: Referenced, else PROC/PID/smaps",
      "Cleared every --referenced_reset_interval looks of 10 s; 0, the default, never. The rollup "
      "costs one walk without text, where cAdvisor prints and reads every mapping."},
     write_field<Field::kReferencedBytes>},
    {{"container_threads", kGauge, "", Group::kProcess, "", "Threads, with descendants.",
      "pids.current", "pids.current", ""},
     write_field<Field::kPids>},
    {{"container_threads_max", kGauge, "", Group::kProcess, "",
      "Limit on threads, 0 without a limit.", "pids.max", "pids.max", ""},
     write_limit_or_zero<Field::kPidsLimit>},
};

}  // namespace

std::span<const Family> families_optional() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
