// Listening sockets that somebody else made and handed over, such as a service manager that starts
// us when the first client comes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "http/listener.h"

namespace plimsoll::http {

// Server::listen("fd:3") comes here: the socket at that descriptor is ours from then on. A unix
// socket's file stays when the server goes. kInvalidInput: it is no TCP or unix stream socket, or
// does not listen.
[[nodiscard]] Result<BoundSocket> adopt_listening(Fd socket);

}  // namespace plimsoll::http
