#include <algorithm>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

// -1: no limit. Engines write 0 where nothing was asked, and no kernel value is meant by it.
Result<std::optional<std::int64_t>> read_limit(const Node& node) {
  auto value = PLIMSOLL_TRY(number<std::int64_t>(node, {.low = -1}));
  if (value == 0) value.reset();
  return value;
}

Result<std::optional<std::uint64_t>> read_amount(const Node& node) {
  auto value = PLIMSOLL_TRY(number<std::uint64_t>(node));
  if (value == 0U) value.reset();
  return value;
}

Result<std::optional<bool>> read_switch(const Node& node) {
  if (node.absent()) return std::optional<bool>();
  return std::optional(PLIMSOLL_TRY(flag(node)));
}

Result<MemoryResources> read_memory(const Node& node) {
  MemoryResources memory;
  memory.limit = PLIMSOLL_TRY(read_limit(node["limit"]));
  memory.reservation = PLIMSOLL_TRY(read_limit(node["reservation"]));
  memory.swap = PLIMSOLL_TRY(read_limit(node["swap"]));
  memory.kernel = PLIMSOLL_TRY(read_limit(node["kernel"]));
  memory.kernel_tcp = PLIMSOLL_TRY(read_limit(node["kernelTCP"]));
  memory.swappiness = PLIMSOLL_TRY(number<std::uint64_t>(node["swappiness"], {.high = 100}));
  memory.disable_oom_killer = PLIMSOLL_TRY(read_switch(node["disableOOMKiller"]));
  memory.use_hierarchy = PLIMSOLL_TRY(read_switch(node["useHierarchy"]));
  memory.check_before_update = PLIMSOLL_TRY(flag(node["checkBeforeUpdate"]));
  if (memory.kernel) node["kernel"].warn("kernels limit no kernel memory apart since 5.11");
  if (memory.limit > 0 && memory.swap > 0 && memory.swap < memory.limit)
    return node["swap"].fails("counts memory, too, and must not be below the limit");
  return memory;
}

Result<CpuResources> read_cpu(const Node& node) {
  CpuResources cpu;
  cpu.shares = PLIMSOLL_TRY(read_amount(node["shares"]));
  cpu.quota = PLIMSOLL_TRY(read_limit(node["quota"]));
  cpu.burst = PLIMSOLL_TRY(number<std::uint64_t>(node["burst"]));
  cpu.period = PLIMSOLL_TRY(read_amount(node["period"]));
  cpu.realtime_runtime = PLIMSOLL_TRY(read_limit(node["realtimeRuntime"]));
  cpu.realtime_period = PLIMSOLL_TRY(read_amount(node["realtimePeriod"]));
  cpu.cpus = PLIMSOLL_TRY(cpu_list(node["cpus"]));
  cpu.mems = PLIMSOLL_TRY(cpu_list(node["mems"]));
  cpu.idle = PLIMSOLL_TRY(number<std::int64_t>(node["idle"], {.low = 0, .high = 1}));
  return cpu;
}

Result<std::optional<std::int64_t>> read_pids(const Node& node) {
  if (node.absent()) return std::optional<std::int64_t>();
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  auto limit = PLIMSOLL_TRY(number<std::int64_t>(node["limit"], {.low = -1}));
  if (limit == 0) {
    // What runc does, since engines wrote 0 for "none".
    node["limit"].warn("0 sets no limit");
    limit.reset();
  }
  return limit;
}

// "64KB", "2MB", "1GB": as the kernel names the files.
Result<std::string> read_page_size(const Node& node) {
  std::string size = PLIMSOLL_TRY(required_text(node));
  const std::size_t digits = std::min(size.find_first_not_of("0123456789"), size.size());
  const std::string_view unit = std::string_view(size).substr(digits);
  if (digits == 0 || size[0] == '0' || (unit != "KB" && unit != "MB" && unit != "GB"))
    return node.fails("must be a size such as 64KB, 2MB or 1GB, not " + size);
  return size;
}

Result<HugepageLimit> read_hugepage_limit(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  HugepageLimit limit;
  limit.page_size = PLIMSOLL_TRY(read_page_size(node["pageSize"]));
  limit.limit = PLIMSOLL_TRY(required_number<std::uint64_t>(node["limit"]));
  return limit;
}

Result<std::pair<std::string, std::uint32_t>> read_priority(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  std::string name = PLIMSOLL_TRY(required_text(node["name"]));
  if (!is_interface_name(name)) return node["name"].fails("is no name of a network interface");
  const auto priority = PLIMSOLL_TRY(required_number<std::uint32_t>(node["priority"]));
  return std::pair(std::move(name), priority);
}

Result<NetworkResources> read_network(const Node& node) {
  NetworkResources network;
  network.class_id = PLIMSOLL_TRY(number<std::uint32_t>(node["classID"]));
  network.priorities = PLIMSOLL_TRY(list(node["priorities"], read_priority));
  return network;
}

Result<RdmaLimit> read_rdma(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  RdmaLimit limit;
  limit.hca_handles = PLIMSOLL_TRY(number<std::uint32_t>(node["hcaHandles"]));
  limit.hca_objects = PLIMSOLL_TRY(number<std::uint32_t>(node["hcaObjects"]));
  if (!limit.hca_handles && !limit.hca_objects)
    return node.fails("hcaHandles or hcaObjects is required");
  return limit;
}

// A file of the container's own group: a path would be another's. The group's life (its processes,
// its death, its freezing) is the runtime's, so no file of the core but the two that are limits.
bool is_unified_file(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == name.size()) return false;
  if (name.find('/') != std::string_view::npos) return false;
  return !name.starts_with("cgroup.") || name == "cgroup.max.depth" ||
         name == "cgroup.max.descendants" || name == "cgroup.pressure";
}

Result<std::map<std::string, std::string>> read_unified(const Node& node) {
  const auto all = PLIMSOLL_TRY(dictionary<std::string>(node, text));
  for (const auto& [name, value] : all)
    if (!is_unified_file(name)) return node[name].fails("is no file of a cgroup that can be set");
  return std::map<std::string, std::string>(all.begin(), all.end());
}

}  // namespace

Result<Resources> read_resources(const Node& node) {
  Resources resources;
  resources.devices = PLIMSOLL_TRY(list(node["devices"], read_device_rule));
  resources.memory = PLIMSOLL_TRY(object(node["memory"], read_memory));
  resources.cpu = PLIMSOLL_TRY(object(node["cpu"], read_cpu));
  resources.pids_limit = PLIMSOLL_TRY(read_pids(node["pids"]));
  resources.block_io = PLIMSOLL_TRY(object(node["blockIO"], read_block_io));
  resources.hugepage_limits = PLIMSOLL_TRY(list(node["hugepageLimits"], read_hugepage_limit));
  resources.network = PLIMSOLL_TRY(object(node["network"], read_network));
  const auto rdma = PLIMSOLL_TRY(dictionary(node["rdma"], read_rdma));
  resources.rdma.insert(rdma.begin(), rdma.end());
  resources.unified = PLIMSOLL_TRY(read_unified(node["unified"]));
  return resources;
}

}  // namespace plimsoll::spec
