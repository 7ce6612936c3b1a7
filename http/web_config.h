// The file that --web.config.file names: TLS, passwords, headers, rate limit, in the format shared
// by Prometheus' exporters. Parsing is pure; certificates and keys are read elsewhere
// (tls_files.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace plimsoll::http {

enum class ClientAuth : std::uint8_t {
  kNone,
  kRequest,           // Asked for; whatever comes is accepted.
  kRequireAny,        // There must be one; nobody has to have signed it.
  kVerifyIfGiven,     // None, or one that a trusted authority signed.
  kRequireAndVerify,  // One that a trusted authority signed.
};

enum class TlsVersion : std::uint8_t { k12, k13 };

struct TlsSettings {
  // Each as PEM text or as the name of a file; the file counts when both are given.
  std::string cert, key, client_ca;
  std::string cert_file, key_file, client_ca_file;  // Relative names are resolved already.
  ClientAuth client_auth = ClientAuth::kNone;
  std::optional<std::vector<std::string>> client_allowed_sans;
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  std::vector<std::string> cipher_suites;      // As in the file, each a known name; empty: ours.
  std::vector<std::string> curve_preferences;  // As in the file, each a known name; empty: ours.
  bool prefer_server_cipher_suites = true;
  bool operator==(const TlsSettings&) const = default;
};

// A bucket of `burst` requests to which one is added every `interval`.
struct RateLimit {
  std::chrono::nanoseconds interval{0};
  std::uint64_t burst = 0;
  bool operator==(const RateLimit&) const = default;
};

using Users = std::map<std::string, std::string, std::less<>>;  // Name -> bcrypt hash.

struct WebConfig {
  std::optional<TlsSettings> tls;
  std::vector<std::pair<std::string, std::string>> headers;
  Users users;
  std::optional<RateLimit> rate_limit;
  // What is accepted and yet not done as it reads, one sentence each.
  std::vector<std::string> warnings;
};

// `path` is the file's own: it stands in errors ("web.yml:12: tls_server_config.min_version: ..."),
// and file names in it are relative to its directory. kInvalidInput for whatever the format does
// not allow, unknown keys too.
[[nodiscard]] Result<WebConfig> parse_web_config(std::string_view text, const std::string& path);

}  // namespace plimsoll::http
