// What is typed to change limits: the flags of `plimsoll limit set` without their dashes. Pure.
#pragma once

#include <string_view>

#include "agent/limit/request.h"

namespace plimsoll::agent::top {

// "memory=64M cpus=0.5 pids=100 for=10m", "memory=max", "io-rbps=8:0=10M", "force". kInvalidInput
// says what is wrong with which word.
[[nodiscard]] Result<LimitWishes> parse_limit_words(std::string_view text);

}  // namespace plimsoll::agent::top
