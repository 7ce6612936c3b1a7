// Shared by the tables about the exporter itself.
#pragma once

#include <concepts>

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

// A family of one sample: kGet takes the number from the self statistics. A pointer to function
// (`+[]`): clang 19 gives the lambdas of different files one name when they are themselves the
// argument, and links the wrong one.
template <auto kGet>
void write_self(FamilyWriter& out, const Context& context) {
  const auto value = kGet(context.self);
  if constexpr (std::floating_point<decltype(value)>)
    out.real("", value);
  else
    out.count("", value);
}

}  // namespace plimsoll::exporter
