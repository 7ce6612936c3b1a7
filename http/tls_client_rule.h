// Which client certificates get in. Internal to TlsContext.
#pragma once

#include <openssl/x509.h>

#include <optional>
#include <string>
#include <vector>

#include "http/tls_context.h"

namespace plimsoll::http {

struct TlsContext::ClientRule {
  ClientAuth auth = ClientAuth::kNone;
  std::optional<std::vector<std::string>> allowed_sans;

  // Handshakes of `context` obey it; it must outlive them.
  void apply_to(ssl_ctx_st& context) const;
};

// The DNS names, addresses, mail addresses and URIs a certificate is issued for.
[[nodiscard]] std::vector<std::string> alternative_names(const X509& certificate);

}  // namespace plimsoll::http
