// What the terminal is able to do, by its description.
#pragma once

#include <string>

#include "base/error.h"

namespace plimsoll::agent::top {

// Whether standard output and input are a terminal on which a screen can be drawn. kInvalidInput
// says what is missing, and what to use instead.
[[nodiscard]] Result<> check_terminal();

// What makes it do that ("cup", "rmcup"; terminfo(5)); empty if it cannot. After check_terminal().
[[nodiscard]] std::string capability_text(const char* capability);

}  // namespace plimsoll::agent::top
