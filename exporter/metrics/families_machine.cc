// The host: cAdvisor's machine_* families but for the topology group.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

void write_one(FamilyWriter& out, const MachineInfo& machine, std::uint64_t value,
               std::string_view type = {}) {
  out.count("", value,
            {{"boot_id", machine.boot_id},
             {"machine_id", machine.machine_id},
             {"system_uuid", machine.system_uuid},
             {"type", type}});
}

// Null when the machine's facts could not be read at all.
const MachineInfo* known_machine(const Context& context) {
  const MachineInfo* machine = context.snapshot.machine.get();
  return machine != nullptr && machine->memory_bytes != 0 ? machine : nullptr;
}

template <auto kMember>
void write_number(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = known_machine(context);
  if (machine != nullptr) write_one(out, *machine, machine->*kMember);
}

// Books and drawers are a way to build IBM mainframes; other machines have none.
template <auto kMember>
void write_if_any(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = known_machine(context);
  if (machine != nullptr && machine->*kMember != 0) write_number<kMember>(out, context);
}

template <auto kMember>
void write_dimms(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = known_machine(context);
  if (machine == nullptr) return;
  for (const MachineInfo::Dimm& dimm : machine->dimms)
    write_one(out, *machine, dimm.*kMember, dimm.type);
}

void write_error(FamilyWriter& out, const Context& context) {
  bool failed = known_machine(context) == nullptr;
  for (const CollectorStats& collector : context.self.collectors)
    failed = failed || (collector.name == "machine" && !collector.success);
  out.count("", failed ? 1 : 0);
}

constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kLabels = "machine_id,system_uuid,boot_id";
constexpr std::string_view kTyped = "machine_id,system_uuid,boot_id,type";
constexpr std::string_view kMainframe = "Only on s390x; cAdvisor prints 0 elsewhere.";
constexpr std::string_view kCpus = "SYS/devices/system/cpu";
constexpr std::string_view kEdac = "SYS/devices/system/edac";
constexpr std::string_view kNoNvm = "Not collected; cAdvisor always prints 0.";

constexpr Family kFamilies[] = {
    {{"machine_cpu_physical_cores", kGauge, "", Group::kAlways, kLabels, "Physical CPU cores.",
      kCpus, kCpus, "No base labels, as all machine_ families."},
     write_number<&MachineInfo::physical_cores>},
    {{"machine_cpu_cores", kGauge, "", Group::kAlways, kLabels, "Logical CPUs online.", kCpus,
      kCpus, ""},
     write_number<&MachineInfo::cores>},
    {{"machine_cpu_sockets", kGauge, "", Group::kAlways, kLabels, "CPU sockets.", kCpus, kCpus, ""},
     write_number<&MachineInfo::sockets>},
    {{"machine_cpu_books", kGauge, "", Group::kAlways, kLabels, "CPU books.", kCpus, kCpus,
      kMainframe},
     write_if_any<&MachineInfo::books>},
    {{"machine_cpu_drawers", kGauge, "", Group::kAlways, kLabels, "CPU drawers.", kCpus, kCpus,
      kMainframe},
     write_if_any<&MachineInfo::drawers>},
    {{"machine_memory_bytes", kGauge, "bytes", Group::kAlways, kLabels, "Memory of the machine.",
      "PROC/meminfo: MemTotal", "PROC/meminfo: MemTotal", ""},
     write_number<&MachineInfo::memory_bytes>},
    {{"machine_swap_bytes", kGauge, "bytes", Group::kAlways, kLabels, "Swap of the machine.",
      "PROC/meminfo: SwapTotal", "PROC/meminfo: SwapTotal", ""},
     write_number<&MachineInfo::swap_bytes>},
    {{"machine_dimm_count", kGauge, "", Group::kAlways, kTyped, "Memory modules by type.", kEdac,
      kEdac, ""},
     write_dimms<&MachineInfo::Dimm::count>},
    {{"machine_dimm_capacity_bytes", kGauge, "bytes", Group::kAlways, kTyped,
      "Capacity of the memory modules by type.", kEdac, kEdac, ""},
     write_dimms<&MachineInfo::Dimm::bytes>},
    {{"machine_nvm_capacity", kGauge, "bytes", Group::kAlways,
      "machine_id,system_uuid,boot_id,mode", "Non-volatile memory by mode.", "-", "-", kNoNvm},
     nullptr},
    {{"machine_nvm_avg_power_budget_watts", kGauge, "watts", Group::kAlways, kLabels,
      "Average power budget of non-volatile memory.", "-", "-", kNoNvm},
     nullptr},
    {{"machine_scrape_error", kGauge, "", Group::kAlways, "",
      "1 if the facts about the machine could not be read, 0 otherwise.", "-", "-", "No labels."},
     write_error},
};

}  // namespace

std::span<const Family> families_machine() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
