// For tests: the kernel's interpreter of filters, and libseccomp's program for the same filter,
// made in the way runc makes it.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <vector>

#include "runtime/seccomp/compile.h"

namespace plimsoll::seccomp {

// SECCOMP_RET_*. Aborts on what the kernel would not have loaded.
[[nodiscard]] std::uint32_t interpret(const std::vector<sock_filter>& program,
                                      const seccomp_data& call);

[[nodiscard]] std::vector<sock_filter> by_libseccomp(const spec::Seccomp& seccomp);

}  // namespace plimsoll::seccomp
