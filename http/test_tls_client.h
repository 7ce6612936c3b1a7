// For tests: one request over TLS, and how it ended.
#pragma once

#include <string>

#include "http/test_certificates.h"

namespace plimsoll::http::testing {

struct TlsAsk {
  std::string address;
  std::string request;    // "GET / HTTP/1.1\r\n..." with "Connection: close".
  std::string authority;  // PEM; "" = the server's certificate is not checked.
  PemPair own;            // Empty: none is sent.
  int version = 0;        // TLS1_1_VERSION ...: only this one. 0 = whatever both can.
  std::string ciphers;    // Of TLS 1.2.
  std::string protocols;  // ALPN, "\x02h2\x08http/1.1".
};

struct TlsTold {
  bool connected = false;   // The handshake was done, as far as the client can tell.
  std::string answer;       // All the server said, in plain.
  bool ended_well = false;  // The server said goodbye.
  std::string error;
  std::string version, cipher, protocol;
  std::string server_name;  // Common name of its certificate.
};

[[nodiscard]] TlsTold ask_tls(const TlsAsk& ask);

}  // namespace plimsoll::http::testing
