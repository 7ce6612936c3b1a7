// A policy of devices as the program that v2 asks at every mknod and open (linux/bpf.h,
// BPF_PROG_TYPE_CGROUP_DEVICE).
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/cgroup/device_policy.h"

namespace plimsoll::runtime {

// Pure. Returns 1 (allowed) or 0; straight down, so that the verifier has nothing to ask.
[[nodiscard]] std::vector<bpf_insn> device_program(const DevicePolicy& policy);

// A group just made has no program of its own; nobody need be asked.
enum class Earlier : std::uint8_t { kNone, kReplace };
// `group` must be open for reading. Programs of its ancestors go on to be asked as well. kDenied
// without CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN).
[[nodiscard]] Result<> attach_device_program(const Fd& group, const DevicePolicy& policy,
                                             Earlier earlier);

}  // namespace plimsoll::runtime
