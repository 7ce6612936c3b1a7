// A manual page, in the macros of man(7).
#pragma once

#include <string>
#include <string_view>

#include "agent/manual/model.h"

namespace plimsoll::agent {

struct PageFacts {
  std::string version;  // "0.1.0"
  std::string date;     // "2026-11-21"
};

// Pure.
[[nodiscard]] std::string man_page(const CommandText& command, const PageFacts& facts);

// As roff prints it: nothing in it is a request or an escape.
[[nodiscard]] std::string roff_text(std::string_view text);

}  // namespace plimsoll::agent
