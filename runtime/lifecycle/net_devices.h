// Network devices of the host that become a container's (`linux.netDevices`).
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/spec/config.h"

namespace plimsoll::runtime {

// Each is taken down, goes into the namespace under its new name, gets the global addresses back
// that it had for good, and comes up. The first failure names the device; a device that has moved
// stays with the namespace and shares its fate (the kernel gives physical ones back).
// Enters the namespace with the calling thread for a moment.
[[nodiscard]] Result<> move_net_devices(const std::map<std::string, spec::NetDevice>& devices,
                                        const Fd& netns);

}  // namespace plimsoll::runtime
