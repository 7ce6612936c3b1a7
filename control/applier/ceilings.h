// What a group's ancestors leave it, and what is held in it: from a view and the journal to what
// rules ask for. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cgroupfs/limit/view.h"
#include "cgroupfs/tree/tree.h"
#include "control/journal/state.h"
#include "control/policy/decide.h"
#include "control/policy/reconcile.h"

namespace plimsoll::control {

// The tightest limits above the group, as far as the view reaches.
[[nodiscard]] policy::Ceilings ceilings_of(const limit::KernelView& view, std::size_t group);

// One of the groups above, with limits of its own.
struct Above {
  std::string cgroup;
  policy::Ceilings own;
};
// The nearest first.
[[nodiscard]] std::vector<Above> above(const limit::KernelView& view, std::size_t group);

// Whether the journal knows of values in it that we have changed.
[[nodiscard]] bool has_found(const State& state, const cgroupfs::Cgroup& group);
// What rules hold in it, as the journal knows: after a start, when nobody else remembers.
[[nodiscard]] std::vector<policy::Held> held_in(const State& state, const limit::KernelView& view,
                                                std::size_t group);

// Knobs of the decision that somebody has set by hand, or for a time.
[[nodiscard]] std::vector<policy::KnobName> by_hand_in(const State& state,
                                                       const limit::KernelView& view,
                                                       std::size_t group,
                                                       const policy::Decision& decision);

}  // namespace plimsoll::control
