// All numbers of one tick, column by column, never changed after publication.
//
// Rows are sorted by cgroup path. One array per field, so that /metrics (family by family) and
// rates walk memory in order; per-device, per-interface and other repeated values are side tables
// with an offset per row. Made by the sampler, read by everybody else through SnapshotPtr for as
// long as they like.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/number.h"
#include "cgroupfs/read/sample.h"
#include "exporter/collect/block_devices.h"
#include "exporter/collect/columns.h"
#include "exporter/collect/group_values.h"
#include "exporter/collect/machine.h"
#include "exporter/collect/oom_event.h"
#include "exporter/collect/oom_workload.h"
#include "inventory/ending.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

// One network interface as the container sees it (rx = received by the container).
struct InterfaceCounters {
  std::string name;  // Inside the namespace: "eth0".
  std::uint64_t rx_bytes = 0, rx_packets = 0, tx_bytes = 0, tx_packets = 0;
  // Read inside the namespace only, on a slower tier; absent until then.
  std::optional<std::uint64_t> rx_errors, rx_dropped, tx_errors, tx_dropped;
  bool operator==(const InterfaceCounters&) const = default;
};

// A file system as a container (its writable layer) or the host (id="/") sees it.
struct FilesystemUsage {
  std::string device;             // "/dev/vda1", "tmpfs"
  std::string type;               // "ext4"
  std::string mountpoint;         // Host rows only.
  std::uint64_t limit_bytes = 0;  // Capacity, or the quota.
  std::uint64_t usage_bytes = 0;
  std::optional<std::uint64_t> available_bytes;
  std::optional<std::uint64_t> inodes_total, inodes_free, inodes_used;
  // Host rows only: /proc/diskstats of the device.
  std::optional<std::uint64_t> reads, reads_merged, sectors_read, read_time_ns;
  std::optional<std::uint64_t> writes, writes_merged, sectors_written, write_time_ns;
  std::optional<std::uint64_t> io_in_progress, io_time_ns, weighted_io_time_ns;
  bool operator==(const FilesystemUsage&) const = default;
};

// Values repeated per row: of(row) is the row's slice; empty for rows never started, as in a table
// whose group is off.
template <class T>
class SideTable {
 public:
  void start_row() { offsets_.push_back(static_cast<std::uint32_t>(items_.size())); }
  void push_back(T item) { items_.push_back(std::move(item)); }
  // The next rows are as [first, last) of the other table.
  void append_rows_of(const SideTable& other, std::size_t first, std::size_t last) {
    const std::size_t begin = other.start_of(first);
    const std::size_t end = other.start_of(last);
    for (std::size_t row = first; row < last; ++row)
      offsets_.push_back(static_cast<std::uint32_t>(items_.size() + other.start_of(row) - begin));
    const std::span<const T> items = std::span(other.items_).subspan(begin, end - begin);
    items_.insert(items_.end(), items.begin(), items.end());
  }
  [[nodiscard]] std::span<const T> of(std::size_t row) const {
    if (row >= offsets_.size()) return {};
    const std::size_t begin = start_of(row);
    return std::span<const T>(items_).subspan(begin, start_of(row + 1) - begin);
  }
  void reserve(std::size_t rows) { offsets_.reserve(rows); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  [[nodiscard]] std::size_t start_of(std::size_t row) const {
    return row < offsets_.size() ? offsets_[row] : items_.size();
  }

  std::vector<std::uint32_t> offsets_;
  std::vector<T> items_;
};

// Rates between this snapshot and the row's previous reading; NaN where there is no previous one.
struct Rates {
  float cpu_cores = 0;      // CPU seconds per second.
  float io_read_bytes = 0;  // Per second, as the rest.
  float io_write_bytes = 0;
  float net_rx_bytes = 0;
  float net_tx_bytes = 0;
  float throttled_ratio = 0;  // Throttled periods / periods in the interval; NaN without a quota.
  float psi_cpu_some = 0;     // Share of the interval, 0..1.
  float psi_memory_full = 0;
  float psi_io_full = 0;
  // CPU used / CPU allowed by the fullest quota of the row and of those above it; NaN without any.
  // Set by fill_headroom().
  float cpu_limit_ratio = std::numeric_limits<float>::quiet_NaN();
};

// One row's identity and the text that /metrics puts into its braces; kept from tick to tick.
struct Row {
  std::uint64_t serial = 0;  // Cgroup::serial.
  inventory::IdentityPtr identity;
  WallTime created;        // Identity's, else the cgroup's birth.
  WallTime group_created;  // The cgroup's birth: what its counters count from.
  MonoTime hot_at;         // True time of the hot values (MonoTime{}: never read).
  MonoTime warm_at, slow_at;
  MonoTime usage_at;  // CPU usage was last looked at: later than hot_at for a group that is idle.
  std::int64_t last_seen_seconds = 0;  // Wall clock when it was last known to exist.
  // `container_label_..="...",id="/docker/..",image="..",name=".."`: escaped, valid UTF-8, no
  // braces. Shared with the next snapshots as long as the identity does not change.
  std::shared_ptr<const std::string> labels;
};

// A container that ended: container_last_seen, its OOM kills and how it ended linger
// (`--metrics.tombstone`).
struct Tombstone {
  inventory::IdentityPtr identity;
  std::shared_ptr<const std::string> labels;
  std::int64_t last_seen_seconds = 0;
  std::optional<std::uint64_t> oom_kills = std::nullopt;
  std::optional<inventory::Ending> ending = std::nullopt;  // Once its runtime told.
};

class Snapshot {
 public:
  std::uint64_t sequence = 0;  // 1, 2, 3 ...
  MonoTime taken;              // When reading began.
  WallTime wall;
  std::vector<Row> rows;
  std::vector<Tombstone> tombstones;
  std::vector<Rates> rates;  // Per row.
  // Per row: the sequence of the snapshot in which anything of it (numbers, identity) last changed.
  // Empty where nobody kept count.
  std::vector<std::uint64_t> changed;
  // The sequence since which there are these rows, in this order and with these identities; 0 where
  // nobody kept count.
  std::uint64_t rows_since = 0;
  std::vector<OomEvent> ooms;  // New since the previous snapshot, also of groups already gone.
  std::optional<std::uint64_t> host_oom_kills;  // Since boot.
  // Sorted; null when the oom_event group is off.
  std::shared_ptr<const std::vector<OomWorkloadCount>> oom_workloads;
  SideTable<cgroupfs::DeviceIo> devices;
  SideTable<cgroupfs::IoLimit> io_limits;
  SideTable<InterfaceCounters> interfaces;
  SideTable<FilesystemUsage> filesystems;
  SideTable<cgroupfs::HugetlbUsage> hugetlb;
  SideTable<cgroupfs::NumaUsage> numa;
  SideTable<std::uint64_t> per_cpu_ns;
  SideTable<PerfCount> perf;
  std::vector<UncoreCount> uncore;
  SideTable<ResctrlUsage> resctrl;
  std::vector<SocketStatsPtr> sockets;  // Per row, null: none; empty when tcp, udp, advtcp are off.
  // Per row; empty vectors when their groups (cpuset, memory, pressure) are off.
  std::vector<std::string> cpuset_cpus;
  Columns<cgroupfs::kMemoryKeyCount> memory_detail;
  std::vector<cgroupfs::PressureAverages> pressure_averages;
  std::shared_ptr<const MachineInfo> machine;
  BlockDevicesPtr block_devices;  // refresh_block_devices(); null: devices are shown as "M:N".

  [[nodiscard]] std::optional<std::uint64_t> value(cgroupfs::Field field, std::size_t row) const {
    if (unlimited_[row].test(index(field))) return std::nullopt;
    return values_.value(index(field), row);
  }
  [[nodiscard]] std::optional<Limit<std::uint64_t>> limit(cgroupfs::Field field,
                                                          std::size_t row) const {
    if (!values_.has(index(field), row)) return std::nullopt;
    if (unlimited_[row].test(index(field))) return Limit<std::uint64_t>::none();
    return Limit<std::uint64_t>(values_.at(index(field), row));
  }
  // May anything of the row have changed since the snapshot of that sequence?
  [[nodiscard]] bool changed_after(std::uint64_t since, std::size_t row) const {
    return row >= changed.size() || changed[row] > since;
  }
  // Does any row have the field? (A family without a sample is not printed.)
  [[nodiscard]] bool any(cgroupfs::Field field) const { return values_.any(index(field)); }

  // Filling, before publication. reserve() fixes the number of rows.
  void reserve(std::size_t row_count);
  // Takes the rows, rates, `changed` and columns of an old snapshot whose rows are still the rows:
  // those that changed since then are to be set again. Everything else starts empty.
  void renew(Snapshot&& old);
  // Appends to every side table what `from` has for the rows [first, last).
  void append_side_rows(const Snapshot& from, std::size_t first, std::size_t last);
  // All fields of the row: what the sample does not have becomes absent.
  void set_fields(std::size_t row, const cgroupfs::CgroupSample& sample);
  void set(cgroupfs::Field field, std::size_t row, std::uint64_t value);
  void unset(cgroupfs::Field field, std::size_t row);
  void set(cgroupfs::Field field, std::size_t row, const Limit<std::uint64_t>& limit);

 private:
  static constexpr std::size_t index(cgroupfs::Field field) {
    return static_cast<std::size_t>(field);
  }
  Columns<cgroupfs::kFieldCount> values_;
  std::vector<cgroupfs::CgroupSample::Bits> unlimited_;  // Per row; of those that have a value.
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace plimsoll::exporter
