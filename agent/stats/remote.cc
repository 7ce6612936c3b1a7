#include "agent/stats/remote.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/secret.h"
#include "base/text.h"
#include "http/tls_client.h"

namespace plimsoll::agent {

namespace {

constexpr std::string_view kSecure = "https://";
constexpr std::string_view kPlain = "http://";

Result<std::string> authorization_of(const RemoteFlags& flags, const char* password) {
  if (!flags.token_file.empty()) {
    if (!flags.user.empty() || !flags.password_file.empty())
      return invalid_input("--token-file", "goes without --user and --password-file");
    return "Bearer " + PLIMSOLL_TRY(in("--token-file", read_secret(flags.token_file)));
  }
  if (flags.user.empty()) {
    if (!flags.password_file.empty())
      return invalid_input("--password-file", "whose password is it? Give --user too");
    return std::string();
  }
  if (!flags.password_file.empty())
    return http::basic_authorization(
        flags.user, PLIMSOLL_TRY(in("--password-file", read_secret(flags.password_file))));
  if (password == nullptr)
    return invalid_input("--user", "give --password-file, or set PLIMSOLL_PASSWORD");
  return http::basic_authorization(flags.user, password);
}

bool wants_tls(const RemoteFlags& flags) {
  return !flags.ca_file.empty() || !flags.cert_file.empty() || !flags.key_file.empty() ||
         flags.insecure;
}

}  // namespace

Result<Remote> parse_remote(const std::string& host, const RemoteFlags& flags,
                            const char* password) {
  Remote remote;
  std::string_view rest = host;
  const bool secure = rest.starts_with(kSecure);
  if (secure)
    rest.remove_prefix(kSecure.size());
  else if (rest.starts_with(kPlain))
    rest.remove_prefix(kPlain.size());
  if ((secure || rest.size() != host.size()) && rest.ends_with('/')) rest.remove_suffix(1);
  remote.endpoint = rest;
  remote.client.authorization = PLIMSOLL_TRY(authorization_of(flags, password));
  if (!secure) {
    if (wants_tls(flags))
      return invalid_input("--host", "'" + host +
                                         "': --ca-file, --cert-file, --key-file and --insecure are "
                                         "for https://HOST:PORT");
    return remote;
  }
  remote.client.channel = PLIMSOLL_TRY(http::make_tls_channels(
      {.ca_file = flags.ca_file,
       .cert_file = flags.cert_file,
       .key_file = flags.key_file,
       .check = flags.insecure ? http::ServerCheck::kNone : http::ServerCheck::kCertificate}));
  return remote;
}

}  // namespace plimsoll::agent
