// Cloning a container's process inside of namespaces that this process must not enter itself: who
// has entered a user namespace has lost its rights over the host for good.
#pragma once

#include <linux/sched.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/launch/child.h"

namespace plimsoll::runtime {

// Whether the plan's joins are entered on the way: where a user namespace is joined, since new ones
// are to belong to it; and where one is made, which has no rights over those that are joined.
[[nodiscard]] bool needs_passage(const Plan& plan);
// Whether it is in another cgroup namespace then. Nobody can be born from there in a group that is
// not below that namespace's root (nsdelegate: cgroup_procs_write_permission(),
// kernel/cgroup/cgroup.c); by a file that was opened before he can enter it.
[[nodiscard]] bool passes_through_a_cgroup_namespace(const Plan& plan);

// As clone3(`arguments`), but out of a process that is made for this and is gone when this returns;
// it enters all of the plan's joins. The new process is our child, and its pidfd ours.
// `prepared.joins_entered` must say so already: the child runs child_main().
[[nodiscard]] Result<pid_t> clone_through(const Prepared& prepared, clone_args arguments,
                                          int& pidfd);

}  // namespace plimsoll::runtime
