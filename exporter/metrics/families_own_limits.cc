// What a container may use, every limit the kernel keeps, and how much is left. A limit that is not
// set has no series: nothing needs to know which large number meant "none".
#include <cmath>

#include "exporter/metrics/device_label.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::HugetlbUsage;
using cgroupfs::IoLimit;

// For protections and the like, whose 0 is the kernel's word for "none".
template <Field kField>
void write_unless_zero(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.any(kField)) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto value = context.snapshot.value(kField, row);
    if (!value || *value == 0) return;
    if constexpr (cgroupfs::info(kField).unit == cgroupfs::Unit::kNanoseconds)
      out.seconds(labels, *value);
    else
      out.count(labels, *value);
  });
}

void write_cpu_limit(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto quota = context.snapshot.value(Field::kCpuQuota, row);
    const auto period = context.snapshot.value(Field::kCpuPeriod, row);
    if (!quota || !period || *period == 0) return;
    out.real(labels, static_cast<double>(*quota) / static_cast<double>(*period));
  });
}

void write_period(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto period = context.snapshot.value(Field::kCpuPeriod, row);
    if (period && context.snapshot.value(Field::kCpuQuota, row)) out.seconds(labels, *period);
  });
}

void write_cpu_ratio(FamilyWriter& out, const Context& context) {
  const std::vector<Rates>& rates = context.snapshot.rates;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    if (row >= rates.size() || std::isnan(rates[row].cpu_limit_ratio)) return;
    out.real(labels, static_cast<double>(rates[row].cpu_limit_ratio));
  });
}

struct Operation {
  std::string_view name;
  std::optional<std::uint64_t> IoLimit::* rate;
};

void write_io_limits(FamilyWriter& out, const Context& context, const Operation (&operations)[2]) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const IoLimit& limit : context.snapshot.io_limits.of(row)) {
      const DeviceLabel device(context, limit.major, limit.minor);
      for (const auto& [name, rate] : operations)
        if (limit.*rate) out.count(labels, *(limit.*rate), {device.label(), {"operation", name}});
    }
  });
}

void write_io_bytes(FamilyWriter& out, const Context& context) {
  static constexpr Operation kOperations[] = {{"read", &IoLimit::read_bytes},
                                              {"write", &IoLimit::write_bytes}};
  write_io_limits(out, context, kOperations);
}

void write_io_operations(FamilyWriter& out, const Context& context) {
  static constexpr Operation kOperations[] = {{"read", &IoLimit::reads},
                                              {"write", &IoLimit::writes}};
  write_io_limits(out, context, kOperations);
}

void write_hugetlb_limit(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const HugetlbUsage& pages : context.snapshot.hugetlb.of(row))
      if (pages.limit_bytes && !pages.limit_bytes->is_none())
        out.count(labels, pages.limit_bytes->value(), {{"pagesize", pages.page_size}});
  });
}

constexpr auto kGauge = FamilyType::kGauge;

constexpr Family kFamilies[] = {
    {{"plimsoll_container_memory_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory that the container may use; absent without a limit.", "memory.limit_in_bytes",
      "memory.max", "container_spec_memory_limit_bytes prints 0 for no limit."},
     write_field<Field::kMemoryLimit>},
    {{"plimsoll_container_memory_high_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory use above which the container is throttled; absent without one.", "-", "memory.high",
      ""},
     write_field<Field::kMemoryHigh>},
    {{"plimsoll_container_memory_low_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory that is reclaimed from others first; absent when 0.", "-", "memory.low", ""},
     write_unless_zero<Field::kMemoryLow>},
    {{"plimsoll_container_memory_min_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory that is never reclaimed; absent when 0.", "-", "memory.min", ""},
     write_unless_zero<Field::kMemoryMin>},
    {{"plimsoll_container_memory_reservation_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory to which the container is pushed back when the host is short of it; absent without "
      "one.",
      "memory.soft_limit_in_bytes", "-", ""},
     write_field<Field::kMemoryReservation>},
    {{"plimsoll_container_swap_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Swap that the container may use, memory not counted; absent without a limit.", "-",
      "memory.swap.max", ""},
     write_field<Field::kMemorySwapLimit>},
    {{"plimsoll_container_swap_high_bytes", kGauge, "bytes", Group::kAlways, "",
      "Swap use above which the container is throttled; absent without one.", "-",
      "memory.swap.high", ""},
     write_field<Field::kMemorySwapHigh>},
    {{"plimsoll_container_zswap_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Compressed swap in memory that the container may use; absent without a limit.", "-",
      "memory.zswap.max", ""},
     write_field<Field::kMemoryZswapLimit>},
    {{"plimsoll_container_memory_and_swap_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory and swap together that the container may use; absent without a limit.",
      "memory.memsw.limit_in_bytes", "-", ""},
     write_field<Field::kMemoryMemswLimit>},
    {{"plimsoll_container_memory_headroom_bytes", kGauge, "bytes", Group::kMemory, "",
      "What is left until the first limit, its own or one above it, is met: limit - working set; "
      "absent without any limit up to the root.",
      "memory.limit_in_bytes of it and of all above", "memory.max of it and of all above",
      "Limits of slices and pods hit a container as its own does."},
     write_field<Field::kMemoryHeadroom>},
    {{"plimsoll_container_cpu_limit_cores", kGauge, "cores", Group::kAlways, "",
      "CPUs that the quota allows: quota / period; absent without a quota.",
      "cpu.cfs_quota_us / cpu.cfs_period_us", "cpu.max", ""},
     write_cpu_limit},
    {{"plimsoll_container_cpu_quota_seconds", kGauge, "seconds", Group::kAlways, "",
      "CPU time allowed per period; absent without a quota.", "cpu.cfs_quota_us",
      "cpu.max: 1st word", ""},
     write_field<Field::kCpuQuota>},
    {{"plimsoll_container_cpu_period_seconds", kGauge, "seconds", Group::kAlways, "",
      "Length of a quota period; absent without a quota.", "cpu.cfs_period_us", "cpu.max: 2nd word",
      ""},
     write_period},
    {{"plimsoll_container_cpu_burst_limit_seconds", kGauge, "seconds", Group::kAlways, "",
      "CPU time that may be saved up and used above the quota; absent when 0.", "cpu.cfs_burst_us",
      "cpu.max.burst", ""},
     write_unless_zero<Field::kCpuBurstLimit>},
    {{"plimsoll_container_cpu_shares", kGauge, "", Group::kAlways, "",
      "CPU shares as the kernel has them, 1024 by default.", "cpu.shares", "-",
      "container_spec_cpu_shares has a value on v2 as well."},
     write_field<Field::kCpuShares>},
    {{"plimsoll_container_cpu_weight", kGauge, "", Group::kAlways, "",
      "CPU weight as the kernel has it, 100 by default.", "-", "cpu.weight", ""},
     write_field<Field::kCpuWeight>},
    {{"plimsoll_container_cpu_limit_utilization_ratio", kGauge, "ratio", Group::kCpu, "",
      "CPU used in the last interval / CPU allowed by the fullest quota, its own or one above it; "
      "absent without any quota.",
      "cpuacct.usage, cpu.cfs_quota_us", "cpu.stat, cpu.max", "1 - this is the headroom."},
     write_cpu_ratio},
    {{"plimsoll_container_cpuset_cpus", kGauge, "", Group::kAlways, "",
      "CPUs on which the container may run.", "cpuset.effective_cpus", "cpuset.cpus.effective", ""},
     write_field<Field::kCpusetCpus>},
    {{"plimsoll_container_cpuset_mems", kGauge, "", Group::kAlways, "",
      "Memory nodes from which the container may allocate.", "cpuset.effective_mems",
      "cpuset.mems.effective", ""},
     write_field<Field::kCpusetMems>},
    {{"plimsoll_container_pids_limit", kGauge, "", Group::kAlways, "",
      "Limit on threads; absent without a limit.", "pids.max", "pids.max", ""},
     write_field<Field::kPidsLimit>},
    {{"plimsoll_container_pids_headroom", kGauge, "", Group::kAlways, "",
      "Threads left until the first limit, its own or one above it, is met; absent without any.",
      "pids.max of it and of all above", "pids.max of it and of all above", ""},
     write_field<Field::kPidsHeadroom>},
    {{"plimsoll_container_io_limit_bytes_per_second", kGauge, "bytes_per_second", Group::kDiskIo,
      "device,operation", "Bytes per second allowed on the device; absent without a limit.",
      "blkio.throttle.read_bps_device, write_bps_device", "io.max: rbps, wbps",
      "operation is read or write."},
     write_io_bytes},
    {{"plimsoll_container_io_limit_operations_per_second", kGauge, "operations_per_second",
      Group::kDiskIo, "device,operation",
      "IO operations per second allowed on the device; absent without a limit.",
      "blkio.throttle.read_iops_device, write_iops_device", "io.max: riops, wiops",
      "operation is read or write."},
     write_io_operations},
    {{"plimsoll_container_io_weight", kGauge, "", Group::kDiskIo, "",
      "IO weight on devices without one of their own, 100 by default.", "-", "io.weight: default",
      ""},
     write_field<Field::kIoWeight>},
    {{"plimsoll_container_hugetlb_limit_bytes", kGauge, "bytes", Group::kHugetlb, "pagesize",
      "Huge pages that the container may use; absent without a limit.",
      "hugetlb.SIZE.limit_in_bytes", "hugetlb.SIZE.max", ""},
     write_hugetlb_limit},
};

}  // namespace

std::span<const Family> families_own_limits() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
