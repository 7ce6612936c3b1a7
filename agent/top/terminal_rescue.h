// The terminal as it was, should this process crash: a shell that shows nothing of what is typed
// is the last thing somebody needs then.
#pragma once

#include <string_view>

namespace plimsoll::agent::top {

// Keeps the modes of the terminal on standard output, and what it has to be sent.
void remember_terminal(std::string_view farewell);
// From here on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT restore it and then end the process as
// they would have.
void rescue_terminal_on_crash();
// Restored already.
void forget_terminal();

}  // namespace plimsoll::agent::top
