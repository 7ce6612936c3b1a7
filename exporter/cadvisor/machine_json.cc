#include "exporter/cadvisor/machine_json.h"

#include <algorithm>
#include <string>

#include "base/number.h"

namespace plimsoll::exporter {

namespace {

void write_caches(GoJson& json, std::string_view name, const std::vector<Topology::Cache>& caches) {
  // A slice that nothing was put into is null in Go.
  if (caches.empty()) return json.null(name);
  json.begin_array(name);
  for (const Topology::Cache& cache : caches) {
    json.begin_object();
    json.number("id", 0);
    json.number("size", cache.bytes);
    json.text("type", cache.type);
    json.number("level", cache.level);
    json.end_object();
  }
  json.end_array();
}

void write_core(GoJson& json, const Topology::Core& core) {
  json.begin_object();
  json.signed_number("core_id", core.core);
  json.begin_array("thread_ids");
  for (const std::uint32_t thread : core.threads) json.element(std::uint64_t{thread});
  json.end_array();
  write_caches(json, "caches", core.caches);
  json.null("uncore_caches");
  json.signed_number("socket_id", core.package);
  json.text("book_id", "");
  json.text("drawer_id", "");
  json.end_object();
}

void write_topology(GoJson& json, const Topology& topology) {
  json.begin_array("topology");
  for (const Topology::Node& node : topology.nodes) {
    json.begin_object();
    json.number("node_id", node.id);
    json.number("memory", node.memory_bytes);
    json.begin_array("hugepages");
    for (const Topology::HugePages& pages : node.huge_pages) {
      json.begin_object();
      json.number("page_size", pages.page_kib);
      json.number("num_pages", pages.count);
      json.end_object();
    }
    json.end_array();
    json.begin_array("cores");
    for (const Topology::Core& core : node.cores) write_core(json, core);
    json.end_array();
    write_caches(json, "caches", node.caches);
    json.begin_array("distances");
    for (const Topology::Distance& distance : node.distances) json.element(distance.distance);
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

void write_hugepages(GoJson& json, const MachineFacts& facts) {
  json.begin_array("hugepages");
  for (const HugePageCount& pages : facts.hugepages) {
    json.begin_object();
    json.number("page_size", pages.page_kib);
    json.number("num_pages", pages.count);
    json.end_object();
  }
  json.end_array();
}

// Members that MachineInfo and Attributes share, in this order.
void write_devices(GoJson& json, const MachineView& view) {
  json.begin_array("filesystems");
  for (const FilesystemUsage& fs : view.filesystems) {
    json.begin_object();
    json.text("device", fs.device);
    json.number("capacity", fs.limit_bytes);
    json.text("type", fs.type);
    json.number("inodes", fs.inodes_total);
    json.flag("has_inodes", fs.inodes_total.has_value());
    json.end_object();
  }
  json.end_array();
  json.begin_object("disk_map");
  std::vector<DiskFact> disks = view.facts.disks;
  const auto key = [](const DiskFact& disk) {
    return std::to_string(disk.major) + ":" + std::to_string(disk.minor);
  };
  std::ranges::sort(disks, {}, key);
  for (const DiskFact& disk : disks) {
    json.begin_keyed_object(key(disk));
    json.text("name", disk.name);
    json.number("major", disk.major);
    json.number("minor", disk.minor);
    json.number("size", disk.bytes);
    json.text("scheduler", disk.scheduler);
    json.end_object();
  }
  json.end_object();
  json.begin_array("network_devices");
  for (const NetworkDeviceFact& device : view.facts.network_devices) {
    json.begin_object();
    json.text("name", device.name);
    json.text("mac_address", device.mac_address);
    json.signed_number("speed", device.speed);
    json.signed_number("mtu", device.mtu);
    json.end_object();
  }
  json.end_array();
  write_topology(json, view.topology);
  json.text("cloud_provider", "Unknown");
  json.text("instance_type", "Unknown");
}

void write_percentiles(GoJson& json, std::string_view name, const Percentiles& values) {
  json.begin_object(name);
  json.flag("present", values.present);
  json.number("mean", values.mean);
  json.number("std", values.std);
  json.number("max", values.max);
  json.number("fifty", values.fifty);
  json.number("ninety", values.ninety);
  json.number("ninetyfive", values.ninety_five);
  json.number("count", values.count);
  json.end_object();
}

void write_window(GoJson& json, std::string_view name, const WindowUsage& usage) {
  json.begin_object(name);
  json.signed_number("percent_complete", usage.percent_complete);
  write_percentiles(json, "cpu", usage.cpu);
  write_percentiles(json, "memory", usage.memory);
  json.end_object();
}

}  // namespace

void write_machine_info(GoJson& json, const MachineView& view) {
  const MachineInfo& machine = view.machine;
  json.begin_object();
  json.time("timestamp", view.at);
  json.text("vendor_id", view.facts.vendor_id);
  json.number("num_cores", machine.cores);
  json.number("num_physical_cores", machine.physical_cores);
  json.number("num_sockets", machine.sockets);
  json.number("num_books", machine.books);
  json.number("num_drawers", machine.drawers);
  json.number("cpu_frequency_khz", view.facts.frequency_khz);
  json.number("memory_capacity", machine.memory_bytes);
  json.number("swap_capacity", machine.swap_bytes);
  json.begin_object("memory_by_type");
  for (const MachineInfo::Dimm& dimm : machine.dimms) {
    json.begin_keyed_object(dimm.type);
    json.number("capacity", dimm.bytes);
    json.number("dimm_count", dimm.count);
    json.end_object();
  }
  json.end_object();
  json.begin_object("nvm");
  json.number("memory_mode_capacity", 0);
  json.number("app direct_mode_capacity", 0);  // Spelt so.
  json.number("avg_power_budget", 0);
  json.end_object();
  write_hugepages(json, view.facts);
  json.text("machine_id", machine.machine_id);
  json.text("system_uuid", machine.system_uuid);
  json.text("boot_id", machine.boot_id);
  write_devices(json, view);
  json.text("instance_id", "None");
  json.end_object();
}

void write_attributes(GoJson& json, const MachineView& view, std::string_view version) {
  const MachineInfo& machine = view.machine;
  json.begin_object();
  json.text("kernel_version", machine.kernel_version);
  json.text("container_os_version", machine.os_version);
  json.text("docker_version", "");
  json.text("docker_api_version", "");
  json.text("cadvisor_version", version);
  json.number("num_cores", machine.cores);
  json.number("cpu_frequency_khz", view.facts.frequency_khz);
  json.number("memory_capacity", machine.memory_bytes);
  json.text("machine_id", machine.machine_id);
  json.text("system_uuid", machine.system_uuid);
  write_hugepages(json, view.facts);
  write_devices(json, view);
  json.end_object();
}

void write_derived_stats(GoJson& json, const DerivedUsage& usage) {
  json.begin_object();
  json.time("timestamp", usage.at);
  json.begin_object("latest_usage");
  json.number("cpu", usage.latest_cpu);
  json.number("memory", usage.latest_memory);
  json.end_object();
  write_window(json, "minute_usage", usage.minute);
  write_window(json, "hour_usage", usage.hour);
  write_window(json, "day_usage", usage.day);
  json.end_object();
}

void write_process(GoJson& json, const ProcessRow& process, ProcessScope scope) {
  json.begin_object();
  json.text("user", process.user);
  json.signed_number("pid", process.pid);
  json.signed_number("parent_pid", process.ppid);
  json.text("start_time", process.start_time);
  json.real("percent_cpu", process.percent_cpu);
  json.real("percent_mem", process.percent_memory);
  json.number("rss", process.rss);
  json.number("virtual_size", process.virtual_size);
  json.text("status", process.status);
  json.text("running_time", process.running_time);
  json.text("cgroup_path", scope == ProcessScope::kHost ? process.cgroup : "");
  json.text("cmd", process.cmd);
  if (process.fd_count) json.number("fd_count", process.fd_count);
  json.signed_number("psr", process.psr);
  json.end_object();
}

}  // namespace plimsoll::exporter
