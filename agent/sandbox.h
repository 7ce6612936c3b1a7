// A seccomp filter for a process that only looks: it opens nothing for writing, changes no file and
// no other process, and starts none. Threads that start later inherit it; there is no way out.
#pragma once

#include "base/error.h"

namespace plimsoll::agent {

// What is written by a task that was configured, such as the queue of a push.
enum class FileWrites { kForbidden, kAllowed };

// kNotOffered when the kernel has no filters, or this build cannot live with one (sanitizers). Sets
// no_new_privs. Forbidden calls fail with EPERM; those for which the C library has another way,
// with ENOSYS.
[[nodiscard]] Result<> enter_sandbox(FileWrites writes);

}  // namespace plimsoll::agent
