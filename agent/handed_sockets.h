// Sockets that a service manager opened for us (sd_listen_fds(3)): clients wait in them while we
// start, and nobody is refused while we are replaced.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace plimsoll::agent {

// Those of our .socket unit, in its order, as addresses to listen on ("fd:3"); none where nothing
// was handed over to this process. Once, before any thread starts.
[[nodiscard]] Result<std::vector<std::string>> handed_sockets();

}  // namespace plimsoll::agent
