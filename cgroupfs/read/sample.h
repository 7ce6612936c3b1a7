// One container's (cgroup's) numbers, normalised from v1 or v2, every one optional.
//
// Absent is not zero: a field that this kernel, version or configuration does not offer has no
// value. "Unlimited" is not a number: limit() says it. Units are in field.h. A sample lives in the
// sampler thread and is overwritten in place tick after tick, since tiers are read at different
// times: read_at() stamps each.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/number.h"
#include "cgroupfs/read/field.h"
#include "cgroupfs/read/memory_detail.h"

namespace plimsoll::cgroupfs {

// How often a file is read. Values carry the time of their tier's last read.
enum class Tier : std::uint8_t {
  kHot,   // Every tick: the about five files whose numbers people watch.
  kWarm,  // Every few seconds.
  kSlow   // Limits and rarities: on change notification, else every 15 s or so.
};
inline constexpr std::size_t kTierCount = 3;

class TierSet {
 public:
  constexpr TierSet() = default;
  [[nodiscard]] static constexpr TierSet all() {
    return TierSet().with(Tier::kHot).with(Tier::kWarm).with(Tier::kSlow);
  }
  [[nodiscard]] constexpr TierSet with(Tier tier) const {
    TierSet set = *this;
    set.bits_ = static_cast<std::uint8_t>(set.bits_ | (1U << static_cast<unsigned>(tier)));
    return set;
  }
  [[nodiscard]] constexpr bool has(Tier tier) const {
    return (bits_ >> static_cast<unsigned>(tier) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const TierSet&) const = default;

 private:
  std::uint8_t bits_ = 0;
};

// Block IO of one device. v1 blkio.*, v2 io.stat. Counters since the cgroup was made. An operation
// that the kernel does not list is absent.
struct DeviceIo {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::optional<std::uint64_t> read_bytes, write_bytes, discard_bytes;
  std::optional<std::uint64_t> reads, writes, discards;
  // v1 only: Sync/Async/Total of blkio.*.io_service_bytes, for container_blkio_device_usage_total.
  std::optional<std::uint64_t> sync_bytes, async_bytes, total_bytes;
  // v1 only, where the IO scheduler offers them (bfq, cfq).
  std::optional<std::uint64_t> sectors, reads_merged, writes_merged, queued;
  std::optional<std::uint64_t> read_time_ns, write_time_ns, service_time_ns, wait_time_ns;
  // v2 io.cost (io.stat cost.*).
  std::optional<std::uint64_t> cost_usage_ns, cost_wait_ns, cost_indebt_ns, cost_indelay_ns;
  bool operator==(const DeviceIo&) const = default;
};

struct HugetlbUsage {
  std::string page_size;  // "2MB", "1GB": the kernel's word.
  std::optional<std::uint64_t> usage_bytes, peak_bytes;
  std::optional<std::uint64_t> failcnt;  // v1 failcnt, v2 events max.
  std::optional<Limit<std::uint64_t>> limit_bytes;
  bool operator==(const HugetlbUsage&) const = default;
};

struct NumaUsage {
  std::uint32_t node = 0;
  // Bytes (v1 files count pages; converted with the page size). Own, then with descendants (v1
  // hierarchical_ keys; v2 numbers are subtree numbers and stand in the second set).
  std::optional<std::uint64_t> file, anon, unevictable;
  std::optional<std::uint64_t> file_total, anon_total, unevictable_total;
  bool operator==(const NumaUsage&) const = default;
};

// misc.current/misc.max and rdma.current/rdma.max: "resource value" or "device.resource value".
struct NamedUsage {
  std::string name;
  std::uint64_t current = 0;
  std::optional<Limit<std::uint64_t>> max;
  bool operator==(const NamedUsage&) const = default;
};

// io.max, v1 blkio.throttle.*_device: per second; absent: no limit.
struct IoLimit {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::optional<std::uint64_t> read_bytes, write_bytes, reads, writes;
  bool operator==(const IoLimit&) const = default;
};

// The averages of {cpu,memory,io,irq}.pressure: shares of the last 10, 60 and 300 seconds, 0 to 1.
enum class PressureResource : std::uint8_t { kCpu, kMemory, kIo, kIrq };
struct PressureAverages {
  using Line = std::optional<std::array<float, 3>>;
  std::array<Line, 4> some, full;  // By resource.
  bool operator==(const PressureAverages&) const = default;
};

class CgroupSample {
 public:
  // The value, if this field is offered and is a number (an unlimited limit is not).
  [[nodiscard]] std::optional<std::uint64_t> value(Field field) const {
    const std::size_t i = index(field);
    if (!present_.test(i) || unlimited_.test(i)) return std::nullopt;
    return values_[i];
  }
  // For Kind::kLimit fields: absent, unlimited or a number.
  [[nodiscard]] std::optional<Limit<std::uint64_t>> limit(Field field) const {
    const std::size_t i = index(field);
    if (!present_.test(i)) return std::nullopt;
    return unlimited_.test(i) ? Limit<std::uint64_t>::none() : Limit<std::uint64_t>(values_[i]);
  }
  void set(Field field, std::uint64_t value) {
    const std::size_t i = index(field);
    values_[i] = value;
    present_.set(i);
    unlimited_.reset(i);
  }
  void set(Field field, const Limit<std::uint64_t>& limit) {
    const std::size_t i = index(field);
    values_[i] = limit.is_none() ? 0 : limit.value();
    present_.set(i);
    unlimited_.set(i, limit.is_none());
  }
  void unset(Field field) {
    present_.reset(index(field));
    unlimited_.reset(index(field));
  }

  // When the tier's files were last really read; nothing before the first time.
  [[nodiscard]] std::optional<MonoTime> read_at(Tier tier) const {
    const MonoTime at = read_at_[static_cast<std::size_t>(tier)];
    return at == MonoTime{} ? std::nullopt : std::optional(at);
  }
  void set_read_at(Tier tier, MonoTime at) { read_at_[static_cast<std::size_t>(tier)] = at; }
  // When CPU usage was last looked at: as read_at(kHot), or later, when the group was idle and it
  // was found unmoved (ReadOutcome::kIdle). A rate that ends or begins with an idle spell is
  // reckoned from here.
  [[nodiscard]] std::optional<MonoTime> usage_at() const {
    return usage_at_ == MonoTime{} ? std::nullopt : std::optional(usage_at_);
  }
  void set_usage_at(MonoTime at) { usage_at_ = at; }

  // Raw columns for the snapshot's copy loop.
  using Values = std::array<std::uint64_t, kFieldCount>;
  using Bits = std::bitset<kFieldCount>;
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] const Bits& present() const { return present_; }
  [[nodiscard]] const Bits& unlimited() const { return unlimited_; }

 private:
  static constexpr std::size_t index(Field field) { return static_cast<std::size_t>(field); }
  // First, and CPU usage first of all values: what an idle group's visit needs is in one or two
  // cache lines.
  std::array<MonoTime, kTierCount> read_at_{};
  MonoTime usage_at_;
  Bits present_;
  Bits unlimited_;
  Values values_{};

 public:
  std::vector<DeviceIo> devices;      // Sorted by (major, minor).
  std::vector<HugetlbUsage> hugetlb;  // Sorted by page size text.
  std::vector<IoLimit> io_limits;     // Sorted by (major, minor).
  std::vector<NumaUsage> numa;        // Sorted by node.
  std::vector<NamedUsage> misc;       // misc controller.
  std::vector<NamedUsage> rdma;       // rdma controller, "mlx4_0.hca_handle".
  std::vector<std::uint64_t>
      per_cpu_ns;           // v1 cpuacct.usage_percpu; index = CPU number. Empty: not offered.
  std::string cpuset_cpus;  // Effective list, "0-3,7"; empty: not offered.
  std::string cpuset_mems;
  MemoryDetail memory_detail;
  PressureAverages pressure_averages;
};

}  // namespace plimsoll::cgroupfs
