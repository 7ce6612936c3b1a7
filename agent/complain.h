// What a command says on standard error when it cannot do what it was told.
#pragma once

#include <cstdio>
#include <string_view>

#include "agent/exit_code.h"

namespace plimsoll::agent {

// "plimsoll limit: one container at a time"; of `plimsoll` itself where `command` is empty.
inline void complain(std::string_view command, std::string_view message) {
  std::fprintf(stderr, "plimsoll%s%.*s: %.*s\n", command.empty() ? "" : " ",
               static_cast<int>(command.size()), command.data(), static_cast<int>(message.size()),
               message.data());
}

// The same; what the command's exit status is then.
[[nodiscard]] inline int complain(std::string_view command, const Error& error) {
  complain(command, describe(error));
  return exit_code_of(error.kind);
}

}  // namespace plimsoll::agent
