// Who connected to a unix socket, as the kernel says. For the core alone.
#pragma once

#include <memory>

#include "http/server.h"

namespace plimsoll::http {

// Null when the kernel does not say.
[[nodiscard]] std::shared_ptr<const PeerProcess> peer_process(int socket);

}  // namespace plimsoll::http
