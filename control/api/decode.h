// The body of POST /plimsoll/v1/limits/REF to what it asks for. Pure; strict: what is not
// understood is refused, with its JSON pointer, and nothing is guessed.
//
//   {"set":[{"knob":"memory.max","value":67108864},{"knob":"io.rbps","detail":"254:0","value":"10M"},
//           {"knob":"cpu.quota","value":{"cpus":0.25}}],
//    "unset":[{"knob":"pids.max"}],
//    "for":"10m","dry_run":false,"force":false,"deadline":"10s","accept_direct_io":false}
// or
//   {"restore":"all"}, {"restore":[{"knob":"memory.max"}]}
//
// A value is a number in the knob's unit, true or false for switches, {"cpus":0.25} or
// {"microseconds":25000} for cpu.quota, or text as docs/limits.md has it ("64M", "50%", "max").
#pragma once

#include <cstddef>
#include <string_view>

#include "cgroupfs/limit/value.h"
#include "control/service/request.h"

namespace plimsoll::control {

inline constexpr std::size_t kMostRequestBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMostRequestDepth = 8;

// `host`: what percentages are of. kInvalidInput: "/set/0/value: ...".
[[nodiscard]] Result<LimitRequest> decode(std::string_view body, const limit::Host& host = {});

}  // namespace plimsoll::control
