// The exporter's process: the standard process_* families of Prometheus clients.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

template <std::optional<std::uint64_t> ProcessStats::* kMember>
void write_number(FamilyWriter& out, const Context& context) {
  const auto value = context.process.*kMember;
  if (value) out.count("", *value);
}

void write_cpu(FamilyWriter& out, const Context& context) {
  if (context.process.cpu_ns) out.seconds("", *context.process.cpu_ns);
}

void write_start(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = context.snapshot.machine.get();
  if (context.process.start_ns && machine != nullptr && machine->boot_time_seconds != 0)
    out.seconds("", machine->boot_time_seconds * kNano + *context.process.start_ns);
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kStat = "PROC/self/stat";

constexpr Family kFamilies[] = {
    {{"process_cpu_seconds_total", kCounter, "seconds", Group::kAlways, "",
      "CPU time the exporter has used.", kStat, kStat, ""},
     write_cpu},
    {{"process_resident_memory_bytes", kGauge, "bytes", Group::kAlways, "",
      "Resident memory of the exporter.", kStat, kStat, ""},
     write_number<&ProcessStats::resident_bytes>},
    {{"process_virtual_memory_bytes", kGauge, "bytes", Group::kAlways, "",
      "Virtual memory of the exporter.", kStat, kStat, ""},
     write_number<&ProcessStats::virtual_bytes>},
    {{"process_open_fds", kGauge, "", Group::kAlways, "", "Descriptors the exporter has open.",
      "PROC/self/fd", "PROC/self/fd", ""},
     write_number<&ProcessStats::open_fds>},
    {{"process_max_fds", kGauge, "", Group::kAlways, "", "Descriptors the exporter may have open.",
      "PROC/self/limits", "PROC/self/limits", ""},
     write_number<&ProcessStats::max_fds>},
    {{"process_start_time_seconds", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which the exporter started.", kStat, kStat, ""},
     write_start},
    {{"process_threads", kGauge, "", Group::kAlways, "", "Threads of the exporter.", kStat, kStat,
      ""},
     write_number<&ProcessStats::threads>},
};

}  // namespace

std::span<const Family> families_process() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
