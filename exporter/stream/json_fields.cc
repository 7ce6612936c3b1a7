#include "exporter/stream/json_fields.h"

namespace plimsoll::exporter {

namespace {

// "cgroup" is taken: it is the member that holds the cgroup's path.
std::string_view object_name(std::string_view segment) {
  return segment == "cgroup" ? "cgroup_state" : segment;
}

void write_value(JsonWriter& json, cgroupfs::Unit unit, std::uint64_t value) {
  switch (unit) {
    case cgroupfs::Unit::kNanoseconds:
      return json.seconds(value);
    case cgroupfs::Unit::kBool:
      return json.literal(value != 0 ? "true" : "false");
    case cgroupfs::Unit::kBytes:
    case cgroupfs::Unit::kCount:
      return json.number(value);
  }
}

void write_device(JsonWriter& json, const cgroupfs::DeviceIo& io, const BlockDevices* names) {
  json.begin_object();
  const std::string_view name = names ? names->name(io.major, io.minor) : std::string_view();
  char device[2 * kMaxNumber + 1];
  char* end = device;
  if (name.empty()) {
    end = put_unsigned(end, io.major);
    *end++ = ':';
    end = put_unsigned(end, io.minor);
    json.key("device").text({device, end});
  } else {
    json.key("device").text(name, "/dev/");
  }
  json.key("major").number(io.major);
  json.key("minor").number(io.minor);
  json.member("read_bytes", io.read_bytes);
  json.member("write_bytes", io.write_bytes);
  json.member("discard_bytes", io.discard_bytes);
  json.member("reads", io.reads);
  json.member("writes", io.writes);
  json.member("discards", io.discards);
  json.member("sync_bytes", io.sync_bytes);
  json.member("async_bytes", io.async_bytes);
  json.member("total_bytes", io.total_bytes);
  json.member("sectors", io.sectors);
  json.member("reads_merged", io.reads_merged);
  json.member("writes_merged", io.writes_merged);
  json.member("queued", io.queued);
  json.member_seconds("read_time", io.read_time_ns);
  json.member_seconds("write_time", io.write_time_ns);
  json.member_seconds("service_time", io.service_time_ns);
  json.member_seconds("wait_time", io.wait_time_ns);
  json.member_seconds("cost_usage", io.cost_usage_ns);
  json.member_seconds("cost_wait", io.cost_wait_ns);
  json.member_seconds("cost_indebt", io.cost_indebt_ns);
  json.member_seconds("cost_indelay", io.cost_indelay_ns);
  json.end_object();
}

void write_interface(JsonWriter& json, const InterfaceCounters& net) {
  json.begin_object();
  json.key("name").text(net.name);
  json.key("rx_bytes").number(net.rx_bytes);
  json.key("rx_packets").number(net.rx_packets);
  json.member("rx_errors", net.rx_errors);
  json.member("rx_dropped", net.rx_dropped);
  json.key("tx_bytes").number(net.tx_bytes);
  json.key("tx_packets").number(net.tx_packets);
  json.member("tx_errors", net.tx_errors);
  json.member("tx_dropped", net.tx_dropped);
  json.end_object();
}

void write_filesystem(JsonWriter& json, const FilesystemUsage& fs) {
  json.begin_object();
  json.key("device").text(fs.device);
  json.key("type").text(fs.type);
  json.member_text("mountpoint", fs.mountpoint);
  json.key("limit").number(fs.limit_bytes);
  json.key("usage").number(fs.usage_bytes);
  json.member("available", fs.available_bytes);
  json.member("inodes_total", fs.inodes_total);
  json.member("inodes_free", fs.inodes_free);
  json.member("inodes_used", fs.inodes_used);
  json.member("reads", fs.reads);
  json.member("reads_merged", fs.reads_merged);
  json.member("sectors_read", fs.sectors_read);
  json.member_seconds("read_time", fs.read_time_ns);
  json.member("writes", fs.writes);
  json.member("writes_merged", fs.writes_merged);
  json.member("sectors_written", fs.sectors_written);
  json.member_seconds("write_time", fs.write_time_ns);
  json.member("io_in_progress", fs.io_in_progress);
  json.member_seconds("io_time", fs.io_time_ns);
  json.member_seconds("weighted_io_time", fs.weighted_io_time_ns);
  json.end_object();
}

void write_hugetlb(JsonWriter& json, const cgroupfs::HugetlbUsage& pages) {
  json.begin_object();
  json.key("page_size").text(pages.page_size);
  json.member("usage", pages.usage_bytes);
  json.member("peak", pages.peak_bytes);
  json.member("failcnt", pages.failcnt);
  if (pages.limit_bytes) {
    json.key("limit");
    if (pages.limit_bytes->is_none())
      json.literal("null");
    else
      json.number(pages.limit_bytes->value());
  }
  json.end_object();
}

void write_numa(JsonWriter& json, const cgroupfs::NumaUsage& numa) {
  json.begin_object();
  json.key("node").number(numa.node);
  json.member("file", numa.file);
  json.member("anon", numa.anon);
  json.member("unevictable", numa.unevictable);
  json.member("file_subtree", numa.file_total);
  json.member("anon_subtree", numa.anon_total);
  json.member("unevictable_subtree", numa.unevictable_total);
  json.end_object();
}

// An array of one side table's rows; left out when it is empty.
template <class T, class Write>
void write_all(JsonWriter& json, std::string_view key, std::span<const T> items, Write write) {
  if (items.empty()) return;
  json.key(key).begin_array();
  for (const T& item : items) write(item);
  json.end_array();
}

}  // namespace

void FieldNesting::write(cgroupfs::Field field, const Limit<std::uint64_t>& value) {
  const cgroupfs::FieldInfo& it = info(field);
  std::string_view path = it.path;
  std::size_t level = 0;
  for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.'), ++level) {
    const std::string_view segment = path.substr(0, dot);
    path.remove_prefix(dot + 1);
    if (level < depth_ && open_[level] == segment) continue;
    for (; depth_ > level; --depth_) json_.end_object();
    json_.key(object_name(segment)).begin_object();
    open_[depth_++] = segment;
  }
  for (; depth_ > level; --depth_) json_.end_object();
  json_.key(path);
  if (value.is_none())
    json_.literal("null");
  else
    write_value(json_, it.unit, value.value());
}

void FieldNesting::finish() {
  for (; depth_ > 0; --depth_) json_.end_object();
}

void write_side_tables(JsonWriter& json, const Snapshot& snapshot, std::size_t row) {
  const auto of = [row](const auto& table) { return table.of(row); };
  write_all(json, "per_cpu", of(snapshot.per_cpu_ns), [&](std::uint64_t ns) { json.seconds(ns); });
  if (row < snapshot.cpuset_cpus.size()) json.member_text("cpuset_cpus", snapshot.cpuset_cpus[row]);
  write_all(json, "devices", of(snapshot.devices), [&](const cgroupfs::DeviceIo& io) {
    write_device(json, io, snapshot.block_devices.get());
  });
  write_all(json, "interfaces", of(snapshot.interfaces),
            [&](const InterfaceCounters& net) { write_interface(json, net); });
  write_all(json, "filesystems", of(snapshot.filesystems),
            [&](const FilesystemUsage& fs) { write_filesystem(json, fs); });
  write_all(json, "hugetlb", of(snapshot.hugetlb),
            [&](const cgroupfs::HugetlbUsage& pages) { write_hugetlb(json, pages); });
  write_all(json, "numa", of(snapshot.numa),
            [&](const cgroupfs::NumaUsage& numa) { write_numa(json, numa); });
}

}  // namespace plimsoll::exporter
