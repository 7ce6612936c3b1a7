// The ways back: to what was found before our first change, and to what was there before a lease.
// Pure: from the journal's state and a view of the groups to a plan for Enforcer::run().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/view.h"
#include "control/journal/state.h"

namespace plimsoll::control {

struct Returning {
  limit::Plan plan;           // May be empty: everything is as it was.
  std::vector<Record> after;  // Order::after: what holds once the plan is done.
  std::vector<Spot> foreign;  // Left alone: somebody else has set another value since.
};

// Groups to read for the view.
[[nodiscard]] std::vector<std::string> groups_of(const Lease& lease);

// Everything that was changed in these groups, back to what was found; foreign values as well,
// because somebody asks for it.
[[nodiscard]] Returning restoration(const State& state, const limit::KernelView& view,
                                    std::span<const std::string> groups);

// The same of these spots alone.
[[nodiscard]] Returning restoration(const State& state, const limit::KernelView& view,
                                    std::span<const Spot> spots);

// The end of a lease. Values that a later lease holds stay; values that somebody else has set stay
// as well, and are no longer anybody's lease.
[[nodiscard]] Returning expiry(const State& state, const limit::KernelView& view,
                               std::uint64_t lease);

// Leases whose time is over, the newest first, so that each finds the state that it left.
[[nodiscard]] std::vector<std::uint64_t> due(const State& state, const Moment& now);
// Until the next one is; nothing without leases, never negative.
[[nodiscard]] std::optional<std::chrono::nanoseconds> next_due(const State& state,
                                                               const Moment& now);

}  // namespace plimsoll::control
