// Watching over a process from a terminal: its signals are ours, its output ours, its end our exit
// code.
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "runtime/lifecycle/container.h"

namespace plimsoll::oci {

// Blocks all signals until they are asked for; call it before the process is started.
void hold_signals();

// Until the process has ended: passes on signals, copies the terminal both ways, reaps what is
// orphaned to us. Its exit code, 128 + signal when it was killed.
[[nodiscard]] Result<int> watch(runtime::Started started);

}  // namespace plimsoll::oci
