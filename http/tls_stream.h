// TLS on a socket, as a Connection uses it.
#pragma once

#include <memory>

#include "http/gate.h"
#include "http/tls_context.h"

namespace plimsoll::http {

[[nodiscard]] std::unique_ptr<SecureStream> make_tls_stream(
    Gate::Socket& socket, std::shared_ptr<const TlsContext> context);

}  // namespace plimsoll::http
