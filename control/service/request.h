// What somebody asks of the service, and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/value.h"
#include "control/service/fault.h"
#include "control/service/target.h"

namespace plimsoll::control {

struct KnobRef {
  limit::Knob knob{};
  std::string detail;  // As limit::Setting::detail.
  bool operator==(const KnobRef&) const = default;
};

// Either limits to set and unset, or values to bring back.
struct LimitRequest {
  std::vector<limit::Setting> settings;  // Without a value: unset. No knob and detail twice.
  std::vector<KnobRef> restore;
  bool restore_all = false;

  std::optional<std::chrono::nanoseconds> lease;
  enum class Mode : std::uint8_t { kApply, kDryRun } mode = Mode::kApply;
  enum class BelowFloor : std::uint8_t { kRefuse, kForce } below_floor = BelowFloor::kRefuse;
  limit::PlanOptions::DirectIo v1_write_caps = limit::PlanOptions::DirectIo::kRefuse;
  std::chrono::nanoseconds deadline = std::chrono::seconds(10);  // Of each shrinking write.
  // A foreign value is taken back: leases stay as they are.
  enum class Why : std::uint8_t { kAsked, kRepair } why = Why::kAsked;
  bool operator==(const LimitRequest&) const = default;
};

// Who asks.
struct Actor {
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  std::string comm;
  std::string rule = "request";
};

struct ChangeReport {
  enum class Result : std::uint8_t {
    kPlanned,    // A dry run.
    kDone,       // Everything asked for holds.
    kUnchanged,  // It did already.
    kNotDone     // See `fault`.
  } result = Result::kNotDone;
  std::uint64_t change = 0;  // The journal's number; 0: nothing was begun.
  Target target;
  limit::Plan plan;
  bool replanned = false;  // Somebody was faster: the plan is not the draft's, nor of its view.
  std::optional<limit::Applied> applied;  // One outcome per write of the plan.
  std::optional<Fault> fault;
  std::vector<std::string> outlook;  // Of a dry run: what it would mean, for people.
};

// One knob as it is now.
struct KnobState {
  limit::Setting setting;            // Its value; none where the text is not understood.
  std::string text;                  // As the file, or the device's line of it, reads.
  std::string file;                  // "memory.limit_in_bytes"
  std::optional<std::string> found;  // The text before our first change.
  std::optional<WallTime> lease_ends;
  std::string rule;  // "request", "lease"; empty: nothing of ours.
};

struct Shown {
  Target target;
  std::vector<KnobState> settings;  // In the order of the catalogue.
};

}  // namespace plimsoll::control
