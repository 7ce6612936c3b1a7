#include "exporter/collect/side_tables.h"

#include <cmath>

#include "exporter/collect/payload.h"

namespace plimsoll::exporter {

namespace {

template <class T>
void append(SideTable<T>& table, const std::vector<T>& items) {
  table.start_row();
  for (const T& item : items) table.push_back(item);
}

const std::string& cpuset(const Entry& entry) {
  const bool below = entry.payload != nullptr && !entry.payload->sample.cpuset_cpus.empty();
  return (below ? entry.payload : &entry)->sample.cpuset_cpus;
}

}  // namespace

void append_side_tables(Snapshot& snapshot, const Entry& entry, const cgroupfs::GroupSet& groups,
                        const FilesystemCollector::Results* disk) {
  using cgroupfs::Group;
  const cgroupfs::CgroupSample& sample = entry.sample;
  append(snapshot.devices, sample.devices);
  append(snapshot.io_limits, sample.io_limits);
  append(snapshot.hugetlb, sample.hugetlb);
  append(snapshot.numa, sample.numa);
  append(snapshot.per_cpu_ns, sample.per_cpu_ns);
  append(snapshot.interfaces, entry.interfaces);
  if (groups.has(Group::kCpuset)) snapshot.cpuset_cpus.push_back(cpuset(entry));
  snapshot.filesystems.start_row();
  if (disk == nullptr) return;
  if (entry.path == "/")
    for (const FilesystemUsage& host : disk->host) snapshot.filesystems.push_back(host);
  const auto layer = disk->layers.find(entry.serial);
  if (layer != disk->layers.end()) snapshot.filesystems.push_back(layer->second);
}

void set_numbers(Snapshot& snapshot, std::size_t row, const Entry& entry) {
  if (entry.payload == nullptr) return snapshot.set_fields(row, entry.sample);
  snapshot.set_fields(row, with_payload(entry.sample, entry.payload->sample));
  // The quota stands in one of the two; the payload's rate is that of its last row.
  if (std::isnan(snapshot.rates[row].throttled_ratio))
    snapshot.rates[row].throttled_ratio = entry.payload->rates.throttled_ratio;
}

void set_layer_fields(Snapshot& snapshot, std::size_t row, const Entry& entry,
                      const FilesystemCollector::Results* disk) {
  if (disk == nullptr) return;
  const auto layer = disk->layers.find(entry.serial);
  if (layer == disk->layers.end()) return;
  snapshot.set(cgroupfs::Field::kFsUsage, row, layer->second.usage_bytes);
  if (layer->second.inodes_used)
    snapshot.set(cgroupfs::Field::kFsInodes, row, *layer->second.inodes_used);
}

void set_wide_columns(Snapshot& snapshot, std::size_t row, const cgroupfs::CgroupSample& sample,
                      const cgroupfs::GroupSet& groups) {
  const auto set = [&](auto& column, const auto& value) {
    if (column.size() != snapshot.rows.size()) column.resize(snapshot.rows.size());
    column[row] = value;
  };
  if (groups.has(cgroupfs::Group::kMemory)) {
    Columns<cgroupfs::kMemoryKeyCount>& details = snapshot.memory_detail;
    if (details.rows() != snapshot.rows.size())
      details = Columns<cgroupfs::kMemoryKeyCount>(snapshot.rows.size());
    details.assign(row, sample.memory_detail.present(), sample.memory_detail.values());
  }
  if (groups.has(cgroupfs::Group::kPressure) || groups.has(cgroupfs::Group::kPressureAvg))
    set(snapshot.pressure_averages, sample.pressure_averages);
}

}  // namespace plimsoll::exporter
