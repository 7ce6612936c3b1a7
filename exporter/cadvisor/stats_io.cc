// Devices, file systems and interfaces: what a container has several of.
#include <string>

#include "exporter/cadvisor/psi_json.h"
#include "exporter/cadvisor/stats.h"
#include "exporter/cadvisor/stats_groups.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::DeviceIo;
using cgroupfs::Field;

constexpr std::uint64_t kMicro = 1000;
constexpr std::uint64_t kMilli = 1'000'000;
using DeviceMember = std::optional<std::uint64_t> DeviceIo::*;

// One member of PerDiskStats::stats.
struct Operation {
  std::string_view name;
  DeviceMember member;
};
// Sorted by name: Go prints maps so.
constexpr Operation kBytes[] = {
    {"Async", &DeviceIo::async_bytes}, {"Discard", &DeviceIo::discard_bytes},
    {"Read", &DeviceIo::read_bytes},   {"Sync", &DeviceIo::sync_bytes},
    {"Total", &DeviceIo::total_bytes}, {"Write", &DeviceIo::write_bytes}};
constexpr Operation kServiced[] = {
    {"Discard", &DeviceIo::discards}, {"Read", &DeviceIo::reads}, {"Write", &DeviceIo::writes}};
constexpr Operation kQueued[] = {{"Total", &DeviceIo::queued}};
constexpr Operation kSectors[] = {{"Count", &DeviceIo::sectors}};
constexpr Operation kServiceTime[] = {{"Read", &DeviceIo::read_time_ns},
                                      {"Total", &DeviceIo::service_time_ns},
                                      {"Write", &DeviceIo::write_time_ns}};
constexpr Operation kWaitTime[] = {{"Total", &DeviceIo::wait_time_ns}};
constexpr Operation kMerged[] = {{"Read", &DeviceIo::reads_merged},
                                 {"Write", &DeviceIo::writes_merged}};
constexpr Operation kCostUsage[] = {{"Count", &DeviceIo::cost_usage_ns}};
constexpr Operation kCostWait[] = {{"Count", &DeviceIo::cost_wait_ns}};
constexpr Operation kCostIndebt[] = {{"Count", &DeviceIo::cost_indebt_ns}};
constexpr Operation kCostIndelay[] = {{"Count", &DeviceIo::cost_indelay_ns}};

struct DiskTable {
  std::string_view name;
  std::span<const Operation> operations;
  std::uint64_t divide_by = 1;
};
constexpr DiskTable kDiskTables[] = {{"io_service_bytes", kBytes},
                                     {"io_serviced", kServiced},
                                     {"io_queued", kQueued},
                                     {"sectors", kSectors},
                                     {"io_service_time", kServiceTime},
                                     {"io_wait_time", kWaitTime},
                                     {"io_merged", kMerged},
                                     {"io_cost_usage", kCostUsage, kMicro},
                                     {"io_cost_wait", kCostWait, kMicro},
                                     {"io_cost_indebt", kCostIndebt, kMicro},
                                     {"io_cost_indelay", kCostIndelay, kMicro}};

void write_disk_table(GoJson& json, const Snapshot& snapshot, std::span<const DeviceIo> devices,
                      const DiskTable& table) {
  bool open = false;
  for (const DeviceIo& device : devices) {
    bool device_open = false;
    for (const Operation& operation : table.operations) {
      const std::optional<std::uint64_t>& value = device.*operation.member;
      if (!value) continue;
      if (!open) json.begin_array(table.name);
      open = true;
      if (!device_open) {
        const BlockDevices* names = snapshot.block_devices.get();
        const std::string_view name =
            names != nullptr ? names->name(device.major, device.minor) : std::string_view();
        json.begin_object();
        json.text("device", name.empty() ? std::string() : "/dev/" + std::string(name));
        json.number("major", device.major);
        json.number("minor", device.minor);
        json.begin_object("stats");
        device_open = true;
      }
      json.number(operation.name, *value / table.divide_by);
    }
    if (!device_open) continue;
    json.end_object();
    json.end_object();
  }
  if (open) json.end_array();
}

// What a past point knows of the only device that the container uses.
DeviceIo only_device(const StatPoint& point, const DeviceIo& now) {
  DeviceIo past;
  past.major = now.major;
  past.minor = now.minor;
  past.read_bytes = point.value(Field::kIoReadBytes);
  past.write_bytes = point.value(Field::kIoWriteBytes);
  past.reads = point.value(Field::kIoReads);
  past.writes = point.value(Field::kIoWrites);
  return past;
}

InterfaceCounters only_interface(const StatPoint& point, const InterfaceCounters& now) {
  InterfaceCounters past;
  past.name = now.name;
  past.rx_bytes = point.value(Field::kNetRxBytes).value_or(0);
  past.rx_packets = point.value(Field::kNetRxPackets).value_or(0);
  past.tx_bytes = point.value(Field::kNetTxBytes).value_or(0);
  past.tx_packets = point.value(Field::kNetTxPackets).value_or(0);
  past.rx_errors = point.value(Field::kNetRxErrors);
  past.rx_dropped = point.value(Field::kNetRxDropped);
  past.tx_errors = point.value(Field::kNetTxErrors);
  past.tx_dropped = point.value(Field::kNetTxDropped);
  return past;
}

void write_interface_members(GoJson& json, const InterfaceCounters& interface) {
  json.text("name", interface.name);
  json.number("rx_bytes", interface.rx_bytes);
  json.number("rx_packets", interface.rx_packets);
  json.number("rx_errors", interface.rx_errors);
  json.number("rx_dropped", interface.rx_dropped);
  json.number("tx_bytes", interface.tx_bytes);
  json.number("tx_packets", interface.tx_packets);
  json.number("tx_errors", interface.tx_errors);
  json.number("tx_dropped", interface.tx_dropped);
}

void write_filesystem(GoJson& json, const FilesystemUsage& fs, bool is_host, const ApiView& view) {
  const auto milliseconds = [](const std::optional<std::uint64_t>& ns) {
    return ns.value_or(0) / kMilli;
  };
  json.begin_object();
  json.text_unless_empty("device", fs.device);
  json.text("type", fs.type);
  json.number("capacity", fs.limit_bytes);
  json.number("usage", fs.usage_bytes);
  json.number("base_usage", is_host ? 0 : fs.usage_bytes);
  json.number("available", fs.available_bytes);
  // cAdvisor puts the inodes that a container uses where its total belongs.
  const bool used_as_total = view.strict() && !is_host;
  const std::optional<std::uint64_t> inodes = used_as_total ? fs.inodes_used : fs.inodes_total;
  json.flag("has_inodes", inodes.has_value());
  json.number("inodes", inodes);
  json.number("inodes_free", used_as_total ? std::nullopt : fs.inodes_free);
  json.number("reads_completed", fs.reads);
  json.number("reads_merged", fs.reads_merged);
  json.number("sectors_read", fs.sectors_read);
  json.number("read_time", milliseconds(fs.read_time_ns));
  json.number("writes_completed", fs.writes);
  json.number("writes_merged", fs.writes_merged);
  json.number("sectors_written", fs.sectors_written);
  json.number("write_time", milliseconds(fs.write_time_ns));
  json.number("io_in_progress", fs.io_in_progress);
  json.number("io_time", milliseconds(fs.io_time_ns));
  json.number("weighted_io_time", milliseconds(fs.weighted_io_time_ns));
  json.end_object();
}

}  // namespace

void write_diskio_stats(GoJson& json, const StatPoint& point) {
  json.begin_object("diskio");
  const auto devices = point.snapshot().devices.of(point.row());
  if (!point.is_past()) {
    for (const DiskTable& table : kDiskTables)
      write_disk_table(json, point.snapshot(), devices, table);
  } else if (devices.size() == 1) {
    const DeviceIo past = only_device(point, devices.front());
    for (const DiskTable& table : kDiskTables)
      write_disk_table(json, point.snapshot(), {&past, 1}, table);
  }
  write_psi(json, point, cgroupfs::PressureResource::kIo);
  json.end_object();
}

void write_filesystem_stats(GoJson& json, const StatPoint& point, const ApiView& view) {
  const auto filesystems = point.snapshot().filesystems.of(point.row());
  if (point.is_past() || filesystems.empty()) return;
  const bool is_host =
      point.snapshot().rows[point.row()].identity->runtime == inventory::Runtime::kRoot;
  json.begin_array("filesystem");
  for (const FilesystemUsage& fs : filesystems) write_filesystem(json, fs, is_host, view);
  json.end_array();
}

bool has_network_stats(const StatPoint& point) {
  const std::size_t count = point.snapshot().interfaces.of(point.row()).size();
  return point.is_past() ? count == 1 && point.value(Field::kNetRxBytes) : count > 0;
}

void write_network_stats(GoJson& json, const StatPoint& point, const ApiView& view,
                         NetworkShape shape) {
  std::span<const InterfaceCounters> interfaces = point.snapshot().interfaces.of(point.row());
  InterfaceCounters past;
  if (point.is_past()) {
    past = only_interface(point, interfaces.front());
    interfaces = {&past, 1};
  }
  json.begin_object("network");
  if (shape == NetworkShape::kV1)
    write_interface_members(json, interfaces.empty() ? InterfaceCounters{} : interfaces.front());
  if (!interfaces.empty()) {
    json.begin_array("interfaces");
    for (const InterfaceCounters& interface : interfaces) {
      json.begin_object();
      write_interface_members(json, interface);
      json.end_object();
    }
    json.end_array();
  }
  write_socket_stats(json, point, view);
  json.end_object();
}

}  // namespace plimsoll::exporter
