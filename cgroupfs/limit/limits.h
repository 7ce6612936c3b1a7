// What somebody wants of a container's resources. Every knob says one of three things: do not touch
// (the initial state), unset (back to the kernel's default), or a value in a type of its own.
//
// Values are within their type, not yet within what a kernel accepts: that is the planner's job.
// Thread: values, no shared state.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/number.h"
#include "cgroupfs/limit/id_set.h"
#include "cgroupfs/limit/knob.h"
#include "cgroupfs/parse/blkio.h"

namespace plimsoll::limit {

template <class T>
class Want {
 public:
  Want() = default;
  Want(T value) : state_(State::kValue), value_(std::move(value)) {}  // NOLINT(*-explicit-*)
  [[nodiscard]] static Want unset() {
    Want want;
    want.state_ = State::kUnset;
    return want;
  }

  // False: do not touch.
  [[nodiscard]] bool is_asked() const { return state_ != State::kKeep; }
  [[nodiscard]] bool is_unset() const { return state_ == State::kUnset; }
  [[nodiscard]] bool has_value() const { return state_ == State::kValue; }
  [[nodiscard]] const T& value() const { return *value_; }  // Only if has_value().
  bool operator==(const Want&) const = default;

 private:
  enum class State : std::uint8_t { kKeep, kUnset, kValue };
  State state_ = State::kKeep;
  std::optional<T> value_;
};

struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

enum class Switch : std::uint8_t { kOff, kOn };

// CPU time per period: absolute, or in billionths of a CPU whatever the period in force is.
struct CpuTime {
  enum class Unit : std::uint8_t { kMicroseconds, kNanoCpus };
  Unit unit = Unit::kMicroseconds;
  std::uint64_t amount = 0;
  bool operator==(const CpuTime&) const = default;
};

// "enable=1 rpct=95.00 ...": the kernel's keys for io.cost, checked and otherwise as given.
struct KeyedText {
  std::string text;
  bool operator==(const KeyedText&) const = default;
};

using cgroupfs::DeviceNumber;
template <class T>
using PerDevice = std::map<DeviceNumber, Want<T>>;

struct Limits {
  Want<std::uint64_t> cpu_weight;  // 1 to 10000, 100 is normal (v2's scale).
  Want<std::uint64_t> cpu_shares;  // 2 to 262144, 1024 is normal (v1's scale). One of the two.
  Want<Limit<CpuTime>> cpu_quota;
  Want<std::chrono::microseconds> cpu_period;
  Want<std::chrono::microseconds> cpu_burst;
  Want<Switch> cpu_idle;
  Want<IdSet> cpuset_cpus;
  Want<IdSet> cpuset_mems;
  Want<Limit<Bytes>> memory_min;
  Want<Limit<Bytes>> memory_low;  // "reservation"; v1's soft limit.
  Want<Limit<Bytes>> memory_high;
  Want<Limit<Bytes>> memory_max;
  Want<Limit<Bytes>> memory_swap;  // Swap alone on either version: v1's memsw is memory + swap.
  Want<Switch> memory_oom_group;
  Want<std::uint64_t> memory_swappiness;
  Want<Switch> memory_oom_kill_disable;
  Want<std::uint64_t> io_weight;  // 1 to 10000.
  PerDevice<std::uint64_t> io_weight_device;
  Want<std::uint64_t> io_bfq_weight;  // 1 to 1000.
  PerDevice<std::uint64_t> io_bfq_weight_device;
  PerDevice<Limit<Bytes>> io_rbps;  // Per second.
  PerDevice<Limit<Bytes>> io_wbps;
  PerDevice<Limit<std::uint64_t>> io_riops;
  PerDevice<Limit<std::uint64_t>> io_wiops;
  PerDevice<std::chrono::microseconds> io_latency;
  PerDevice<KeyedText> io_cost_qos;
  PerDevice<KeyedText> io_cost_model;
  Want<Limit<std::uint64_t>> pids_max;
  std::map<std::string, Want<Limit<Bytes>>> hugetlb_max;  // By page size: "2MB".
  Want<Switch> freeze;

  bool operator==(const Limits&) const = default;
};

// The same, knob by knob, for tables and JSON: {kIoRbps, "254:0", 1048576}.
struct Unlimited {
  bool operator==(const Unlimited&) const = default;
};
// Bytes, counts and microseconds are plain numbers here: the knob knows the unit.
using Value = std::variant<std::uint64_t, Unlimited, CpuTime, IdSet, std::string>;
struct Setting {
  Knob knob{};
  std::string detail;          // Device or page size; else empty.
  std::optional<Value> value;  // Nothing: unset.
  bool operator==(const Setting&) const = default;
};

// Only what is asked for, in the order of the catalogue, then of the detail.
[[nodiscard]] std::vector<Setting> settings_of(const Limits& limits);
// `limits` and this setting, which replaces an earlier one of its knob and detail. kInvalidInput:
// the value is of another type than the knob's, the detail is missing, malformed or one too many.
[[nodiscard]] Result<Limits> with(Limits limits, const Setting& setting);

}  // namespace plimsoll::limit
