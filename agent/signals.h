// Signals as something to wait for, in programs that serve until they are told to end.
#pragma once

#include <initializer_list>

#include "base/fd.h"

namespace plimsoll::agent {

// Blocks them, and SIGPIPE is ignored: a client that left is an error code of the write. Before any
// other thread starts. A signalfd; next_signal() takes them from it.
[[nodiscard]] Result<Fd> block_signals(std::initializer_list<int> signals);
// The next signal's number, waited for; 0 when none can come any more.
[[nodiscard]] int next_signal(const Fd& signals);

}  // namespace plimsoll::agent
