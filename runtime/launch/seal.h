// The program itself out of the reach of what it starts (CVE-2019-5736: a container that writes to
// /proc/PID/exe of its runtime, which root runs next).
#pragma once

#include "base/error.h"

namespace plimsoll::runtime {

// Returns when this process runs from a read-only mount or a sealed copy; if it does not yet, it is
// executed again from a detached read-only mount of itself (without the right to mount: from a
// sealed copy in memory) with the same arguments.
[[nodiscard]] Result<> run_from_sealed_self(char* const* argv, char* const* envp);

}  // namespace plimsoll::runtime
