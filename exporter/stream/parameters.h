// The names that a request may use: a misspelt filter would otherwise be an answer about all
// containers that looks like the one asked for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/error.h"
#include "exporter/stream/select.h"

namespace plimsoll::exporter {

// Whether the endpoint takes the parameters of parse_selection().
enum class Selects : std::uint8_t { kNothing, kContainers };

// kInvalidInput for the first parameter that is none of those, with the list of them.
[[nodiscard]] Result<> refuse_unknown(Parameters parameters, Selects selects,
                                      std::initializer_list<std::string_view> own);

}  // namespace plimsoll::exporter
