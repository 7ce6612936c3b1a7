// One thing that went wrong at a limit: what, whose, how often, and which limit it was. Values;
// made by the monitor, immutable once in the ring.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "inventory/identity.h"

namespace plimsoll::control {

enum class BreachKind : std::uint8_t {
  kOom,           // The limit was met and reclaim did not help; nobody need have been killed.
  kOomKill,       // A process was killed for it.
  kMemoryHigh,    // memory.high was passed: the group was slowed down and reclaimed from.
  kMemoryMax,     // The limit was met; reclaim helped.
  kNearLimit,     // One of the thresholds was passed upwards.
  kCpuThrottled,  // Quota used up before the period was over.
  kPidsLimit,     // A fork was refused.
  kIoStall,       // PSI: tasks stood still for a share of the time.
  kMemoryStall,
  kCpuStall
};
inline constexpr std::array kBreachKinds = {BreachKind::kOom,         BreachKind::kOomKill,
                                            BreachKind::kMemoryHigh,  BreachKind::kMemoryMax,
                                            BreachKind::kNearLimit,   BreachKind::kCpuThrottled,
                                            BreachKind::kPidsLimit,   BreachKind::kIoStall,
                                            BreachKind::kMemoryStall, BreachKind::kCpuStall};
[[nodiscard]] std::string_view name_of(BreachKind kind);  // "oom_kill", "near_limit", ...
[[nodiscard]] std::optional<BreachKind> breach_kind_named(std::string_view name);

// Who told of it. Two that tell of the same thing make one event.
enum class BreachSource : std::uint8_t { kKernelLog, kNotification, kCounter, kSample, kPressure };
[[nodiscard]] std::string_view name_of(BreachSource source);

struct BreachEvent {
  std::uint64_t id = 0;  // 1, 2, 3 ... since the start of the engine; given by the ring.
  BreachKind kind = BreachKind::kOom;
  BreachSource source = BreachSource::kSample;
  WallTime at;         // Of the first, where `count` is more than one.
  std::string cgroup;  // Where it happened; of a kill the victim's group.
  // The container that is, or the one it lies in; null for a group nobody knows.
  inventory::IdentityPtr identity;
  std::uint64_t count = 1;  // So many of them are told by this event.

  std::string limit;                         // "memory.max", "cpu.max", ...; v2's word. "" unknown.
  std::optional<std::uint64_t> limit_value;  // Bytes, tasks, or microseconds of quota.
  std::string bound_by;                      // The group whose limit it was; "" unknown.
  std::string bound_by_name;                 // What people call it.
  std::optional<std::uint64_t> current;      // Of what is limited: bytes, tasks.
  std::optional<std::uint64_t> percent;      // kNearLimit: the threshold; stalls: of the time.
  std::optional<std::chrono::nanoseconds> lost;  // Time throttled or stalled.
  std::optional<std::uint64_t> periods, throttled_periods;

  // Kills, as far as the kernel's log tells.
  std::optional<std::int32_t> pid;
  std::string process;
  std::string constraint;
  bool has_report = false;
};
using BreachPtr = std::shared_ptr<const BreachEvent>;

// Adds a later one of the same kind and group to an earlier: counts and times add up, the rest is
// the later one's, where it says anything.
void merge(BreachEvent& into, const BreachEvent& later);

}  // namespace plimsoll::control
