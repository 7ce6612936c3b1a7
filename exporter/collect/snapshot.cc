#include "exporter/collect/snapshot.h"

#include <algorithm>
#include <span>
#include <utility>

namespace plimsoll::exporter {

namespace {

// Columns of groups that are off have no rows.
template <class T>
void append_slice(std::vector<T>& to, const std::vector<T>& from, std::size_t first,
                  std::size_t last) {
  const std::span<const T> all(from);
  const std::size_t begin = std::min(first, all.size());
  const std::span<const T> slice = all.subspan(begin, std::min(last, all.size()) - begin);
  to.insert(to.end(), slice.begin(), slice.end());
}

}  // namespace

void Snapshot::reserve(std::size_t row_count) {
  values_ = Columns<cgroupfs::kFieldCount>(row_count);
  unlimited_.assign(row_count, {});
  rows.reserve(row_count);
}

void Snapshot::renew(Snapshot&& old) {
  rows = std::move(old.rows);
  rates = std::move(old.rates);
  changed = std::move(old.changed);
  memory_detail = std::move(old.memory_detail);
  pressure_averages = std::move(old.pressure_averages);
  rows_since = old.rows_since;
  values_ = std::move(old.values_);
  unlimited_ = std::move(old.unlimited_);
}

void Snapshot::append_side_rows(const Snapshot& from, std::size_t first, std::size_t last) {
  devices.append_rows_of(from.devices, first, last);
  io_limits.append_rows_of(from.io_limits, first, last);
  interfaces.append_rows_of(from.interfaces, first, last);
  filesystems.append_rows_of(from.filesystems, first, last);
  hugetlb.append_rows_of(from.hugetlb, first, last);
  numa.append_rows_of(from.numa, first, last);
  per_cpu_ns.append_rows_of(from.per_cpu_ns, first, last);
  perf.append_rows_of(from.perf, first, last);
  resctrl.append_rows_of(from.resctrl, first, last);
  append_slice(sockets, from.sockets, first, last);
  append_slice(cpuset_cpus, from.cpuset_cpus, first, last);
}

void Snapshot::set_fields(std::size_t row, const cgroupfs::CgroupSample& sample) {
  values_.assign(row, sample.present(), sample.values());
  unlimited_[row] = sample.present() & sample.unlimited();
}

void Snapshot::set(cgroupfs::Field field, std::size_t row, std::uint64_t value) {
  values_.set(index(field), row, value);
  unlimited_[row].reset(index(field));
}

void Snapshot::set(cgroupfs::Field field, std::size_t row, const Limit<std::uint64_t>& limit) {
  set(field, row, limit.is_none() ? 0 : limit.value());
  unlimited_[row].set(index(field), limit.is_none());
}

void Snapshot::unset(cgroupfs::Field field, std::size_t row) {
  values_.unset(index(field), row);
  unlimited_[row].reset(index(field));
}

}  // namespace plimsoll::exporter
