// A row's plain values for programs: `--format json --raw` and `--format csv`. Each has one name,
// which ends in the unit, and one unit. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/stats/fields.h"
#include "agent/stats/row.h"

namespace plimsoll::agent {

struct RawValue {
  enum class Kind {
    kAbsent,  // Not offered, not known, or not known yet.
    kText,
    kNumber,
    kUnlimited  // A limit that is not set.
  };
  Kind kind = Kind::kAbsent;
  std::string text;  // Of texts and numbers.
};

struct RawField {
  std::string_view name;    // "memory_bytes"
  std::string_view column;  // The word of --columns that asks for it: "mem".
  bool always = true;       // Also there when no column was asked for.
  RawValue (*value)(const StatsRow& row, const TextStyle& style);
};
// In the order in which they are printed.
[[nodiscard]] std::span<const RawField> raw_fields();

// What the columns asked for are in plain values, the timestamp first, each once. `adds`: beside
// those that are always there.
[[nodiscard]] std::vector<const RawField*> raw_fields_of(
    const std::vector<const ColumnInfo*>& columns, bool adds);

}  // namespace plimsoll::agent
