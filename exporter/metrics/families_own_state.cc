// CPU, threads, IO, pressure and the group's own state: what cAdvisor leaves out.
#include <cmath>

#include "exporter/metrics/device_label.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::DeviceIo;
using cgroupfs::PressureAverages;

template <std::optional<std::uint64_t> DeviceIo::* kMember>
void write_devices(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const DeviceIo& io : context.snapshot.devices.of(row))
      if (io.*kMember)
        out.count(labels, *(io.*kMember), {DeviceLabel(context, io.major, io.minor).label()});
  });
}

void write_averages(FamilyWriter& out, const Context& context) {
  static constexpr std::array<std::string_view, 4> kResources = {"cpu", "memory", "io", "irq"};
  static constexpr std::array<std::string_view, 3> kWindows = {"10s", "60s", "300s"};
  const auto& averages = context.snapshot.pressure_averages;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    if (row >= averages.size()) return;
    const auto print = [&](std::string_view state, std::size_t resource,
                           const PressureAverages::Line& line) {
      if (!line) return;
      for (std::size_t i = 0; i < kWindows.size(); ++i)
        // The kernel prints hundredths of a percent; a float's other digits are noise.
        out.real(labels, std::round(static_cast<double>((*line)[i]) * 1e4) / 1e4,
                 {{"resource", kResources[resource]}, {"state", state}, {"window", kWindows[i]}});
    };
    for (std::size_t resource = 0; resource < kResources.size(); ++resource) {
      print("waiting", resource, averages[row].some[resource]);
      print("stalled", resource, averages[row].full[resource]);
    }
  });
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kUnified = "the same file of the cgroup2 mount, if there is one";

constexpr Family kFamilies[] = {
    {{"plimsoll_container_cpu_nice_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "CPU time used by tasks with a positive nice value.", "-", "cpu.stat: nice_usec",
      "Linux 6.14."},
     write_field<Field::kCpuNice>},
    {{"plimsoll_container_cpu_forced_idle_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "CPU time lost because core scheduling kept a sibling idle.", "-",
      "cpu.stat: core_sched.force_idle_usec", "Linux 6.1 with core scheduling."},
     write_field<Field::kCpuForcedIdle>},
    {{"plimsoll_container_cpu_local_throttled_seconds_total", kCounter, "seconds", Group::kCpu, "",
      "Time for which the container itself stood still, by its own quota or by one above it.",
      "cpu.stat.local: throttled_time", "cpu.stat.local: throttled_usec",
      "Linux 6.5. container_cpu_cfs_throttled_seconds_total counts its own quota only."},
     write_field<Field::kCpuLocalThrottled>},
    {{"plimsoll_container_pids", kGauge, "", Group::kAlways, "", "Threads, with descendants.",
      "pids.current", "pids.current", ""},
     write_field<Field::kPids>},
    {{"plimsoll_container_pids_peak", kGauge, "", Group::kAlways, "",
      "Highest number of threads so far.", "pids.peak", "pids.peak", "Linux 6.1."},
     write_field<Field::kPidsPeak>},
    {{"plimsoll_container_pids_limit_hits_total", kCounter, "", Group::kAlways, "",
      "Times that a new thread was refused because of the limit.", "pids.events: max",
      "pids.events: max", ""},
     write_field<Field::kPidsEventsMax>},
    {{"plimsoll_container_fs_discarded_bytes_total", kCounter, "bytes", Group::kDiskIo, "device",
      "Bytes discarded on the device.", "blkio.[throttle.|bfq.]io_service_bytes_recursive: Discard",
      "io.stat: dbytes", ""},
     write_devices<&DeviceIo::discard_bytes>},
    {{"plimsoll_container_fs_discards_total", kCounter, "", Group::kDiskIo, "device",
      "Discards completed on the device.", "blkio.[throttle.|bfq.]io_serviced_recursive: Discard",
      "io.stat: dios", ""},
     write_devices<&DeviceIo::discards>},
    {{"plimsoll_container_pressure_irq_stalled_seconds_total", kCounter, "seconds",
      Group::kPressure, "", "Time in which all tasks were held up by interrupts.", kUnified,
      "irq.pressure: full", "Linux 6.1 with interrupt time accounting."},
     write_field<Field::kPsiIrqFull>},
    {{"plimsoll_container_pressure_ratio", kGauge, "ratio", Group::kPressureAvg,
      "resource,state,window",
      "Share of the last 10, 60 or 300 seconds in which a task waited, or all tasks stalled.",
      kUnified, "cpu.pressure, memory.pressure, io.pressure, irq.pressure: avg10, avg60, avg300",
      "resource is cpu, memory, io or irq, state waiting or stalled, window 10s, 60s or 300s. "
      "Group "
      "off by default: some 20 series for each container, which rate() of the totals gives too."},
     write_averages},
    {{"plimsoll_container_cgroup_descendants", kGauge, "", Group::kAlways, "",
      "Cgroups below the container's.", kUnified, "cgroup.stat: nr_descendants", ""},
     write_field<Field::kCgroupDescendants>},
    {{"plimsoll_container_cgroup_dying_descendants", kGauge, "", Group::kAlways, "",
      "Removed cgroups below the container's that still hold memory.", kUnified,
      "cgroup.stat: nr_dying_descendants", ""},
     write_field<Field::kCgroupDying>},
    {{"plimsoll_container_populated", kGauge, "", Group::kAlways, "",
      "1 if there is a process in the container's cgroup or below it.", kUnified,
      "cgroup.events: populated", ""},
     write_field<Field::kCgroupPopulated>},
    {{"plimsoll_container_frozen", kGauge, "", Group::kAlways, "",
      "1 if the container stands frozen (paused).", "freezer.state", "cgroup.events: frozen", ""},
     write_field<Field::kCgroupFrozen>},
};

}  // namespace

std::span<const Family> families_own_state() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
