#include "agent/top/terminal_check.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

// term.h has macros with everyday names ("lines", "tone"): nothing else is in this file.
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>

namespace plimsoll::agent::top {

namespace {

constexpr const char* kInstead = "; 'plimsoll stats' prints tables anywhere";

Failure no_terminal(const char* what, std::string why) {
  return Failure(invalid_input(what, std::move(why) + kInstead));
}

}  // namespace

Result<> check_terminal() {
  if (::isatty(STDOUT_FILENO) != 1) return no_terminal("standard output", "is no terminal");
  if (::isatty(STDIN_FILENO) != 1)
    return no_terminal("standard input", "is no terminal, so no key could be pressed");
  const char* term = std::getenv("TERM");
  const std::string name = term == nullptr ? "" : term;
  if (name.empty())
    return no_terminal("TERM", "is not set, so what this terminal can is not known");
  int found = 0;
  if (::setupterm(name.c_str(), STDOUT_FILENO, &found) != OK)
    return no_terminal("TERM", "'" + name + "' is no terminal that is known here");
  if (capability_text("cup").empty() || capability_text("clear").empty())
    return no_terminal("TERM", "'" + name + "' is a terminal that cannot place text");
  return {};
}

std::string capability_text(const char* capability) {
  const char* text = ::tigetstr(capability);
  // Absent is null, no string is (char*)-1.
  return text == nullptr || reinterpret_cast<std::intptr_t>(text) == -1 ? "" : text;
}

}  // namespace plimsoll::agent::top
