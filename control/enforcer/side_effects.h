// Which writes change more than their own file. For the enforcer alone.
#pragma once

#include "cgroupfs/limit/plan.h"

namespace plimsoll::control {

// `one` may change what the file of `other` says.
[[nodiscard]] inline bool has_say_in(const limit::Write& one, const limit::Write& other) {
  // A v1 freezer says what its ancestors' do; an enabled controller brings its files.
  if (one.file == "freezer.state") return other.file == one.file;
  if (!one.knob) return true;
  if (one.at != other.at) return false;
  // A group that becomes idle, or no longer is, gets another weight.
  return one.file == other.file || (one.file == "cpu.idle" && other.file.starts_with("cpu."));
}

}  // namespace plimsoll::control
