// The one place where sampled fields become a row's numbers, for both sources.
#pragma once

#include <functional>

#include "agent/stats/row.h"
#include "cgroupfs/read/field.h"

namespace plimsoll::agent {

// How to ask one source for one container's fields.
struct FieldSource {
  std::function<std::optional<Limit<std::uint64_t>>(cgroupfs::Field)> limit;

  // A number; nothing when absent or unlimited.
  [[nodiscard]] std::optional<std::uint64_t> value(cgroupfs::Field field) const {
    const auto found = limit(field);
    return found && !found->is_none() ? std::optional(found->value()) : std::nullopt;
  }
};

[[nodiscard]] StatsRow with_numbers(StatsRow row, const FieldSource& source);

}  // namespace plimsoll::agent
