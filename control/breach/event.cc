#include "control/breach/event.h"

#include <utility>

namespace plimsoll::control {

std::string_view name_of(BreachKind kind) {
  switch (kind) {
    case BreachKind::kOom:
      return "oom";
    case BreachKind::kOomKill:
      return "oom_kill";
    case BreachKind::kMemoryHigh:
      return "memory_high";
    case BreachKind::kMemoryMax:
      return "memory_max";
    case BreachKind::kNearLimit:
      return "near_limit";
    case BreachKind::kCpuThrottled:
      return "cpu_throttled";
    case BreachKind::kPidsLimit:
      return "pids_limit";
    case BreachKind::kIoStall:
      return "io_stall";
    case BreachKind::kMemoryStall:
      return "memory_stall";
    case BreachKind::kCpuStall:
      return "cpu_stall";
  }
  return "";
}

std::optional<BreachKind> breach_kind_named(std::string_view name) {
  for (const BreachKind kind : kBreachKinds)
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

std::string_view name_of(BreachSource source) {
  switch (source) {
    case BreachSource::kKernelLog:
      return "kernel_log";
    case BreachSource::kNotification:
      return "notification";
    case BreachSource::kCounter:
      return "counter";
    case BreachSource::kSample:
      return "sample";
    case BreachSource::kPressure:
      return "pressure";
  }
  return "";
}

namespace {

template <class T>
void add(std::optional<T>& into, const std::optional<T>& later) {
  if (later) into = into.value_or(T{}) + *later;
}

template <class T>
void replace(std::optional<T>& into, const std::optional<T>& later) {
  if (later) into = later;
}

void replace(std::string& into, const std::string& later) {
  if (!later.empty()) into = later;
}

}  // namespace

void merge(BreachEvent& into, const BreachEvent& later) {
  into.count += later.count;
  add(into.lost, later.lost);
  add(into.periods, later.periods);
  add(into.throttled_periods, later.throttled_periods);
  replace(into.limit, later.limit);
  replace(into.limit_value, later.limit_value);
  replace(into.bound_by, later.bound_by);
  replace(into.bound_by_name, later.bound_by_name);
  replace(into.current, later.current);
  replace(into.percent, later.percent);
  replace(into.pid, later.pid);
  replace(into.process, later.process);
  replace(into.constraint, later.constraint);
  into.has_report = into.has_report || later.has_report;
}

}  // namespace plimsoll::control
