#include "exporter/collect/snapshot.h"

#include <utility>

namespace plimsoll::exporter {

namespace {
void assign_bit(std::uint64_t& word, std::size_t bit, bool on) {
  const std::uint64_t mask = std::uint64_t{1} << bit;
  word = on ? word | mask : word & ~mask;
}
}  // namespace

void Snapshot::reserve(std::size_t row_count) {
  capacity_ = row_count;
  words_ = (row_count + 63) / 64;
  values_.assign(cgroupfs::kFieldCount * capacity_, 0);
  present_.assign(cgroupfs::kFieldCount * words_, 0);
  unlimited_.assign(cgroupfs::kFieldCount * words_, 0);
  rows.reserve(row_count);
}

void Snapshot::renew(Snapshot&& old) {
  rows = std::move(old.rows);
  rates = std::move(old.rates);
  changed = std::move(old.changed);
  memory_detail = std::move(old.memory_detail);
  pressure_averages = std::move(old.pressure_averages);
  rows_since = old.rows_since;
  capacity_ = old.capacity_;
  words_ = old.words_;
  values_ = std::move(old.values_);
  present_ = std::move(old.present_);
  unlimited_ = std::move(old.unlimited_);
}

void Snapshot::append_side_rows(const Snapshot& from, std::size_t row) {
  devices.append_row_of(from.devices, row);
  io_limits.append_row_of(from.io_limits, row);
  interfaces.append_row_of(from.interfaces, row);
  filesystems.append_row_of(from.filesystems, row);
  hugetlb.append_row_of(from.hugetlb, row);
  numa.append_row_of(from.numa, row);
  per_cpu_ns.append_row_of(from.per_cpu_ns, row);
  perf.append_row_of(from.perf, row);
  resctrl.append_row_of(from.resctrl, row);
  if (row < from.sockets.size()) sockets.push_back(from.sockets[row]);
  if (row < from.cpuset_cpus.size()) cpuset_cpus.push_back(from.cpuset_cpus[row]);
}

void Snapshot::set_fields(std::size_t row, const cgroupfs::CgroupSample& sample) {
  const std::size_t word = row / 64;
  const std::size_t bit = row % 64;
  for (std::size_t f = 0; f < cgroupfs::kFieldCount; ++f) {
    const bool present = sample.present().test(f);
    assign_bit(present_[f * words_ + word], bit, present);
    assign_bit(unlimited_[f * words_ + word], bit, present && sample.unlimited().test(f));
    if (present) values_[f * capacity_ + row] = sample.values()[f];
  }
}

void Snapshot::set(cgroupfs::Field field, std::size_t row, std::uint64_t value) {
  values_[index(field) * capacity_ + row] = value;
  assign_bit(present_[index(field) * words_ + row / 64], row % 64, true);
  assign_bit(unlimited_[index(field) * words_ + row / 64], row % 64, false);
}

void Snapshot::set(cgroupfs::Field field, std::size_t row, const Limit<std::uint64_t>& limit) {
  set(field, row, limit.is_none() ? 0 : limit.value());
  assign_bit(unlimited_[index(field) * words_ + row / 64], row % 64, limit.is_none());
}

void Snapshot::unset(cgroupfs::Field field, std::size_t row) {
  assign_bit(present_[index(field) * words_ + row / 64], row % 64, false);
  assign_bit(unlimited_[index(field) * words_ + row / 64], row % 64, false);
}

bool Snapshot::any(cgroupfs::Field field) const {
  for (std::size_t w = 0; w < words_; ++w)
    if (present_[index(field) * words_ + w] != 0) return true;
  return false;
}

}  // namespace plimsoll::exporter
