// The filter that containers get when nobody asks for another: what Docker's default profile
// decides, resolved for the container's capabilities and this architecture.
//
// For Linux 4.8 and newer (from then on ptrace(2) cannot be used to go around a filter).
// Thread: pure.
#pragma once

#include "runtime/seccomp/numbers.h"
#include "runtime/spec/config.h"
#include "runtime/spec/seccomp.h"

namespace plimsoll::seccomp {

// `capabilities`: the container's bounding set.
[[nodiscard]] spec::Seccomp default_profile(spec::CapabilitySet capabilities,
                                            Arch native = native_arch());

}  // namespace plimsoll::seccomp
