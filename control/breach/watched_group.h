// What the monitor keeps of one group. Internal to this folder.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/breach/monitor.h"

namespace plimsoll::control {

struct Monitor::Group {
  explicit Group(const JudgeOptions& options) : judge(options) {}

  const cgroupfs::Cgroup* cgroup = nullptr;
  std::unique_ptr<cgroupfs::Cgroup> owned;  // Once removed.
  bool container = false;                   // By its path.
  bool own = false;                         // We are in it.
  std::optional<std::uint64_t> cpu_usage;   // At the last tick.
  std::optional<MonoTime> stalls_at;        // When its triggers are to be armed; not yet.
  inventory::IdentityPtr identity;          // The last one known; null before the first event.
  cgroupfs::CgroupSample sample;
  MemoryCurve curve;
  Judge judge;
  cgroupfs::OomAccount account;
  std::optional<std::uint64_t> ooms;  // v2's own counter as last read.
  std::optional<std::uint64_t> refused_forks;
  bool limits_due = true;
  MonoTime limits_at;
  std::optional<std::uint64_t> threshold_limit;  // What the thresholds were made of.
  bool wants_thresholds = false;                 // Stands in `unarmed_`.
  // v1: signals that came when the group was gone; one of them is the removal's.
  std::uint64_t unresolved = 0;
  std::size_t rechecked = 0;  // How often since the last signal.
  MonoTime recheck_at;
  std::array<std::uint64_t, 3> stalled_usec{};  // By resource, when last looked at.
  std::array<MonoTime, 3> stalled_at{};
  std::map<std::int32_t, std::string> commands;  // By pid, when memory was short.
  MonoTime commands_at;
  MonoTime ended_at;
  bool settled = false;
};

}  // namespace plimsoll::control
