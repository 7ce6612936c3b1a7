// Whatever parse_web_config() accepts keeps its promises; whatever it refuses names the file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/bcrypt.h"
#include "http/web_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plimsoll::http::ClientAuth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = plimsoll::http::parse_web_config(text, "/etc/web.yml");
  if (!config) {
    PLIMSOLL_CHECK(config.error().kind == plimsoll::ErrorKind::kInvalidInput);
    PLIMSOLL_CHECK(config.error().subject.starts_with("/etc/web.yml"));
    return 0;
  }
  for (const auto& [user, hash] : config->users)
    PLIMSOLL_CHECK(plimsoll::http::bcrypt_cost(hash) != 0);
  for (const auto& [name, value] : config->headers)
    PLIMSOLL_CHECK(value.find_first_of("\r\n") == std::string::npos);
  if (config->rate_limit) PLIMSOLL_CHECK(config->rate_limit->interval.count() > 0);
  if (!config->tls) return 0;
  const auto& tls = *config->tls;
  PLIMSOLL_CHECK(!tls.cert.empty() || tls.cert_file.starts_with('/'));
  PLIMSOLL_CHECK(!tls.key.empty() || tls.key_file.starts_with('/'));
  PLIMSOLL_CHECK(tls.min_version <= tls.max_version);
  PLIMSOLL_CHECK(!tls.client_allowed_sans || tls.client_auth == ClientAuth::kRequireAny ||
                 tls.client_auth == ClientAuth::kRequireAndVerify);
  return 0;
}
