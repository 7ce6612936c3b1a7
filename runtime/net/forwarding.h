// What the host's kernel must let pass for a bridge: sysctls.
#pragma once

#include <string>

#include "base/error.h"
#include "runtime/net/networks.h"

namespace plimsoll::net {

// Routing between interfaces is on for the whole host, as every engine with a bridge has it; for
// this bridge, loopback addresses too. An internal network routes nothing.
[[nodiscard]] Result<> let_route(const std::string& proc, const Network& network);

}  // namespace plimsoll::net
