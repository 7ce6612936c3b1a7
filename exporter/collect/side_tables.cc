#include "exporter/collect/side_tables.h"

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

void append_side_tables(Snapshot& snapshot, const Entry& entry, const cgroupfs::GroupSet& groups) {
  using cgroupfs::Group;
  const cgroupfs::CgroupSample& sample = entry.sample;
  append(snapshot.devices, sample.devices);
  append(snapshot.io_limits, sample.io_limits);
  append(snapshot.hugetlb, sample.hugetlb);
  append(snapshot.numa, sample.numa);
  append(snapshot.per_cpu_ns, sample.per_cpu_ns);
  append(snapshot.interfaces, entry.interfaces);
  if (groups.has(Group::kCpuset)) snapshot.cpuset_cpus.push_back(cpuset(entry));
}

void set_wide_columns(Snapshot& snapshot, std::size_t row, const cgroupfs::CgroupSample& sample,
                      const cgroupfs::GroupSet& groups) {
  const auto set = [&](auto& column, const auto& value) {
    if (column.size() != snapshot.rows.size()) column.resize(snapshot.rows.size());
    column[row] = value;
  };
  if (groups.has(cgroupfs::Group::kMemory)) set(snapshot.memory_detail, sample.memory_detail);
  if (groups.has(cgroupfs::Group::kPressureAvg))
    set(snapshot.pressure_averages, sample.pressure_averages);
}

}  // namespace plimsoll::exporter
