// What the engine answers, decoded. Pure; a member that is missing or of another type is malformed,
// one that is unknown is the future.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/limit/request.h"
#include "base/clock.h"
#include "base/error.h"

namespace plimsoll::agent {

struct LimitTarget {
  std::string id;
  std::string name;
  std::string runtime;
  std::string cgroup;
  std::string manager;
};

struct ShownKnob {
  std::string knob;
  std::string detail;
  std::string value;                    // As people write it: "64M", "0.25 cpus", "on", "max".
  std::optional<std::uint64_t> number;  // The same where it is a plain number.
  std::optional<std::string> found;
  std::optional<WallTime> lease_ends;
  std::string rule;
};

struct ShownTarget {
  LimitTarget target;
  std::vector<ShownKnob> knobs;
};

struct ApiFault {
  std::string kind;
  std::string message;
};

struct ShownWrite {
  std::string cgroup, file, key, old_text, new_text, reason;
  std::string hazard, predicted_errno, result, read_back, error;
};
struct ShownRefusal {
  std::string cgroup, knob, detail, reason;
};

struct ChangeAnswer {
  std::string result;  // "planned", "done", "unchanged"; empty with a fault.
  std::optional<std::uint64_t> change;
  LimitTarget target;
  std::vector<ShownWrite> writes;
  std::vector<ShownRefusal> refusals;
  std::vector<std::string> outlook;  // Of a plan: what it would mean, a sentence each.
  std::optional<ApiFault> fault;
};

struct HistoryRecord {
  std::string time, kind, who, rule, cgroup, knob, file, old_text, new_text, result, detail;
  std::optional<std::uint64_t> change;
};
struct HistoryAnswer {
  std::vector<HistoryRecord> records;
  std::string broken;
};

[[nodiscard]] Result<ShownTarget> decode_target(std::string_view body);
[[nodiscard]] Result<std::vector<ShownTarget>> decode_targets(std::string_view body);
[[nodiscard]] Result<ChangeAnswer> decode_change(std::string_view body);
[[nodiscard]] Result<HistoryAnswer> decode_history(std::string_view body);
// {"error":{"kind":..,"message":..}}; nothing for any other body.
[[nodiscard]] std::optional<ApiFault> decode_fault(std::string_view body);

[[nodiscard]] std::vector<Current> currents_of(const ShownTarget& shown);

}  // namespace plimsoll::agent
