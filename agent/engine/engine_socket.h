// The engine's one way in: a unix socket, made here or handed over by the service manager.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "control/api/roles.h"
#include "http/server.h"

namespace plimsoll::agent {

// Serves the sockets that were handed over, or else makes the one at `path`; in both cases root and
// the two groups alone get in. Returns where it listens. Before any thread starts.
[[nodiscard]] Result<std::vector<std::string>> listen_for(http::Server& server,
                                                          const std::string& path,
                                                          const control::RoleGroups& groups);

}  // namespace plimsoll::agent
