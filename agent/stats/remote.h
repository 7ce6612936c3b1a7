// Where `plimsoll stats --host` and `--prometheus` ask, and as whom.
#pragma once

#include <string>

#include "http/client.h"

namespace plimsoll::agent {

// As typed. A password never stands on the command line, where every user of the host reads it.
struct RemoteFlags {
  std::string user;
  std::string password_file;
  std::string token_file;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool insecure = false;
};

struct Remote {
  std::string endpoint;  // As http::get() takes it.
  http::ClientOptions client;
};

// `host`: "ADDR:PORT", "http://HOST:PORT", "https://HOST:PORT" or "unix:PATH". `password` is that
// of the environment, null when there is none; a file counts more. Reads the files named;
// kInvalidInput says which flag is no good and what to give.
[[nodiscard]] Result<Remote> parse_remote(const std::string& host, const RemoteFlags& flags,
                                          const char* password);

}  // namespace plimsoll::agent
