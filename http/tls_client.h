// The client's side of TLS: what `plimsoll stats --host https://...` connects with.
#pragma once

#include <string>

#include "base/error.h"
#include "http/client.h"

namespace plimsoll::http {

enum class ServerCheck : bool { kNone, kCertificate };

struct TlsClientOptions {
  std::string ca_file;    // PEM; "" = the authorities the system trusts.
  std::string cert_file;  // Our own, for servers that ask; both or none.
  std::string key_file;
  // kNone takes any certificate: whoever sits between can read and answer.
  ServerCheck check = ServerCheck::kCertificate;
};

// For ClientOptions::channel. TLS 1.2 and 1.3; the server's certificate must be for the host that
// the endpoint names. Files are read now: kInvalidInput names the one that is no good. The result
// may be used from any thread, one connection at a time each.
[[nodiscard]] Result<MakeChannel> make_tls_channels(const TlsClientOptions& options);

// The value of the header Authorization (RFC 7617). kInvalidInput for a colon in the name.
[[nodiscard]] Result<std::string> basic_authorization(std::string_view user,
                                                      std::string_view password);

}  // namespace plimsoll::http
