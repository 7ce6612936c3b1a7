// The host: cAdvisor's machine_* families.
#include <algorithm>
#include <array>

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
  if (machine != nullptr && (machine->*kMember != 0 || context.options.compat == Compat::kStrict))
    write_number<kMember>(out, context);
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

// Further labels of one sample of the machine's topology, before the identity's.
using Further = std::array<Label, 4>;
void write_labelled(FamilyWriter& out, const MachineInfo& machine, std::uint64_t value,
                    const Further& further) {
  out.count("", value,
            {{"boot_id", machine.boot_id},
             {"machine_id", machine.machine_id},
             {"system_uuid", machine.system_uuid},
             further[0],
             further[1],
             further[2],
             further[3]});
}

// A number as the value of a label.
class Digits {
 public:
  explicit Digits(std::uint64_t value) : end_(put_unsigned(text_, value)) {}
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;
  [[nodiscard]] std::string_view view() const { return {text_, end_}; }

 private:
  char text_[kMaxNumber]{};
  const char* end_;
};

// each(machine, node, the node's number as a label).
template <class Each>
void for_each_node(const Context& context, Each each) {
  const MachineInfo* machine = known_machine(context);
  if (machine == nullptr || !machine->topology) return;
  for (const Topology::Node& node : machine->topology->nodes) {
    const Digits id(node.id);
    each(*machine, node, Label{"node_id", id.view()});
  }
}

void write_cache(FamilyWriter& out, const MachineInfo& machine, Label node, std::string_view core,
                 const Topology::Cache& cache) {
  const Digits level(cache.level);
  write_labelled(out, machine, cache.bytes,
                 Further{node, {"core_id", core}, {"type", cache.type}, {"level", level.view()}});
}

// A core may have two caches of one level and type only by a fault of the firmware's tables.
void write_caches_once(FamilyWriter& out, const MachineInfo& machine, Label node,
                       std::string_view core, const std::vector<Topology::Cache>& caches) {
  for (std::size_t i = 0; i < caches.size(); ++i) {
    const auto same = [&](const Topology::Cache& other) {
      return other.level == caches[i].level && other.type == caches[i].type;
    };
    const auto before = caches.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::none_of(caches.begin(), before, same))
      write_cache(out, machine, node, core, caches[i]);
  }
}

void write_caches(FamilyWriter& out, const Context& context) {
  for_each_node(context, [&](const MachineInfo& machine, const Topology::Node& node, Label id) {
    for (const Topology::Core& core : node.cores)
      write_caches_once(out, machine, id, core.id, core.caches);
    write_caches_once(out, machine, id, "", node.caches);
  });
}

void write_siblings(FamilyWriter& out, const Context& context) {
  for_each_node(context, [&](const MachineInfo& machine, const Topology::Node& node, Label id) {
    for (const Topology::Core& core : node.cores)
      for (const std::uint32_t thread : core.threads) {
        const Digits number(thread);
        write_labelled(out, machine, core.threads.size(),
                       Further{id, {"core_id", core.id}, {"thread_id", number.view()}, {}});
      }
  });
}

void write_node_memory(FamilyWriter& out, const Context& context) {
  for_each_node(context, [&](const MachineInfo& machine, const Topology::Node& node, Label id) {
    if (node.memory_bytes != 0) write_labelled(out, machine, node.memory_bytes, Further{id});
  });
}

void write_huge_pages(FamilyWriter& out, const Context& context) {
  for_each_node(context, [&](const MachineInfo& machine, const Topology::Node& node, Label id) {
    for (const Topology::HugePages& pages : node.huge_pages) {
      const Digits size(pages.page_kib);
      write_labelled(out, machine, pages.count, Further{id, {"page_size", size.view()}});
    }
  });
}

void write_distances(FamilyWriter& out, const Context& context) {
  for_each_node(context, [&](const MachineInfo& machine, const Topology::Node& node, Label id) {
    for (const Topology::Distance& distance : node.distances) {
      const Digits target(distance.node);
      write_labelled(out, machine, distance.distance,
                     Further{id, {"target_node_id", target.view()}});
    }
  });
}

// "memory_mode" and the power budget are known to Intel's ipmctl only.
void write_nvm(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = known_machine(context);
  if (machine == nullptr) return;
  const bool strict = context.options.compat == Compat::kStrict;
  if (machine->persistent_memory_bytes || strict)
    write_labelled(out, *machine, machine->persistent_memory_bytes.value_or(0),
                   Further{Label{"mode", "app_direct_mode"}});
  if (strict) write_labelled(out, *machine, 0, Further{Label{"mode", "memory_mode"}});
}

void write_nvm_power(FamilyWriter& out, const Context& context) {
  const MachineInfo* machine = known_machine(context);
  if (machine != nullptr && context.options.compat == Compat::kStrict) write_one(out, *machine, 0);
}

constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kLabels = "machine_id,system_uuid,boot_id";
constexpr std::string_view kTyped = "machine_id,system_uuid,boot_id,type";
constexpr std::string_view kMainframe = "Only on s390x; cAdvisor prints 0 elsewhere.";
constexpr std::string_view kCpus = "SYS/devices/system/cpu";
constexpr std::string_view kEdac = "SYS/devices/system/edac";
constexpr std::string_view kNodes = "SYS/devices/system/node";
constexpr std::string_view kNoNodes = "A kernel without NUMA has one node, 0.";

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
      "machine_id,system_uuid,boot_id,mode", "Non-volatile memory by mode.",
      "SYS/bus/nd/devices/regionN: size", "SYS/bus/nd/devices/regionN: size",
      "mode is app_direct_mode; memory_mode is in no file of the kernel and absent. cAdvisor "
      "always prints 0."},
     write_nvm},
    {{"machine_nvm_avg_power_budget_watts", kGauge, "watts", Group::kAlways, kLabels,
      "Average power budget of non-volatile memory.", "-", "-",
      "Absent: in no file of the kernel, only Intel's ipmctl knows. cAdvisor always prints 0, and "
      "so does strict."},
     write_nvm_power},
    {{"machine_cpu_cache_capacity_bytes", kGauge, "bytes", Group::kCpuTopology,
      "machine_id,system_uuid,boot_id,node_id,core_id,type,level", "Size of a CPU cache.",
      "SYS/devices/system/cpu/cpuN/cache", "SYS/devices/system/cpu/cpuN/cache",
      "Without core_id when all cores of the node share it. A cache that some cores share is "
      "printed for each of them; cAdvisor leaves it out."},
     write_caches},
    {{"machine_thread_siblings_count", kGauge, "", Group::kCpuTopology,
      "machine_id,system_uuid,boot_id,node_id,core_id,thread_id",
      "Logical CPUs of the core that this one belongs to.", "SYS/devices/system/cpu/cpuN/topology",
      "SYS/devices/system/cpu/cpuN/topology",
      "core_id is the kernel's; with the package before it (1-0) where a node has two of a "
      "number."},
     write_siblings},
    {{"machine_node_memory_capacity_bytes", kGauge, "bytes", Group::kCpuTopology,
      "machine_id,system_uuid,boot_id,node_id", "Memory of a NUMA node.", kNodes, kNodes, kNoNodes},
     write_node_memory},
    {{"machine_node_hugepages_count", kGauge, "", Group::kCpuTopology,
      "machine_id,system_uuid,boot_id,node_id,page_size", "Huge pages of a NUMA node.", kNodes,
      kNodes, "page_size in KiB."},
     write_huge_pages},
    {{"machine_node_distance", kGauge, "", Group::kCpuTopology,
      "machine_id,system_uuid,boot_id,node_id,target_node_id",
      "Distance between two NUMA nodes, 10 for one and itself.", kNodes, kNodes, kNoNodes},
     write_distances},
    {{"machine_scrape_error", kGauge, "", Group::kAlways, "",
      "1 if the facts about the machine could not be read, 0 otherwise.", "-", "-", "No labels."},
     write_error},
};

}  // namespace

std::span<const Family> families_machine() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
