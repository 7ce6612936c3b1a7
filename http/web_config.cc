#include "http/web_config.h"

#include <algorithm>
#include <array>

#include "base/go_duration.h"
#include "base/number.h"
#include "http/bcrypt.h"
#include "http/web_config_tls.h"
#include "http/yaml_section.h"

namespace plimsoll::http {

namespace {

// The headers an operator may set, and the values where only some make sense.
struct HeaderRule {
  std::string_view name;
  std::array<std::string_view, 2> values;  // "" = any.
};
constexpr std::array<HeaderRule, 5> kHeaders = {{{"Content-Security-Policy", {}},
                                                 {"Strict-Transport-Security", {}},
                                                 {"X-Content-Type-Options", {"nosniff"}},
                                                 {"X-Frame-Options", {"deny", "sameorigin"}},
                                                 {"X-XSS-Protection", {}}}};

Result<> read_header(const std::string& name, const Place& place, WebConfig& config) {
  const auto rule = std::ranges::find(kHeaders, name, &HeaderRule::name);
  if (rule == kHeaders.end()) return place.refuse("this header cannot be configured");
  std::string value = PLIMSOLL_TRY(read_text(place));
  const bool any = rule->values[0].empty();
  if (!any && (value.empty() || std::ranges::find(rule->values, value) == rule->values.end()))
    return place.refuse(
        "'" + value + "': accepted are '" + std::string(rule->values[0]) +
        (rule->values[1].empty() ? "'" : "' and '" + std::string(rule->values[1]) + "'"));
  if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
    return place.refuse("a header has one line");
  if (!value.empty()) config.headers.emplace_back(name, std::move(value));
  return {};
}

Result<> read_http(const Place& place, WebConfig& config) {
  const auto headers = [&](const Place& map) {
    return read_entries(map, [&](const std::string& name, const Place& value) {
      return read_header(name, value, config);
    });
  };
  // Checked and not used: HTTP/2 is an offer, and clients without it speak 1.1.
  const auto http2 = [](const Place& value) -> Result<> {
    PLIMSOLL_TRY(read_bool(value));
    return {};
  };
  return read_map(place, std::array<Key, 2>{{{"http2", http2}, {"headers", headers}}});
}

Result<> read_user(const std::string& name, const Place& place, WebConfig& config) {
  std::string hash = PLIMSOLL_TRY(read_text(place));
  // Not shown: somebody may have written the password itself.
  if (bcrypt_cost(hash) == 0)
    return place.refuse("not a bcrypt hash; 'htpasswd -nBC 10 \"\"' makes one");
  config.users.emplace(name, std::move(hash));
  return {};
}

Result<> read_rate_limit(const Place& place, WebConfig& config) {
  RateLimit limit;
  const auto interval = [&](const Place& value) -> Result<> {
    const std::string text = PLIMSOLL_TRY(read_text(value));
    // A plain number is one of nanoseconds.
    const auto plain = to_number<std::int64_t>(text);
    const auto duration =
        plain ? std::optional(std::chrono::nanoseconds(*plain)) : parse_go_duration(text);
    if (!duration) return value.refuse("'" + text + "': give a time such as 1s or 100ms");
    limit.interval = *duration;
    return {};
  };
  const auto burst = [&](const Place& value) -> Result<> {
    const std::string text = PLIMSOLL_TRY(read_text(value));
    const auto count = to_number<std::uint64_t>(text);
    if (!count) return value.refuse("'" + text + "': give a number of requests");
    limit.burst = *count;
    return {};
  };
  PLIMSOLL_TRY(read_map(place, std::array<Key, 2>{{{"interval", interval}, {"burst", burst}}}));
  if (limit.interval.count() <= 0) return {};
  if (limit.burst == 0)
    config.warnings.emplace_back("rate_limit.burst is 0: every request is answered 429");
  config.rate_limit = limit;
  return {};
}

Result<WebConfig> read_document(const Place& top) {
  WebConfig config;
  const std::array<Key, 4> keys = {{
      {"tls_server_config",
       [&](const Place& place) -> Result<> {
         config.tls = PLIMSOLL_TRY(read_tls(place, config.warnings));
         return {};
       }},
      {"http_server_config", [&](const Place& place) { return read_http(place, config); }},
      {"basic_auth_users",
       [&](const Place& place) {
         return read_entries(place, [&](const std::string& name, const Place& value) {
           return read_user(name, value, config);
         });
       }},
      {"rate_limit", [&](const Place& place) { return read_rate_limit(place, config); }},
  }};
  PLIMSOLL_TRY(read_map(top, keys));
  return config;
}

}  // namespace

Result<WebConfig> parse_web_config(std::string_view text, const std::string& path) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  if (text.size() > kMost)
    return invalid_input("web config", path + ": larger than " + std::to_string(kMost) + " bytes");
  try {
    return read_document(Place{YAML::Load(std::string(text)), "", path});
  } catch (const YAML::Exception& error) {
    const std::string line = error.mark.line >= 0 ? ":" + std::to_string(error.mark.line + 1) : "";
    return invalid_input("web config", path + line + ": " + error.msg);
  }
}

}  // namespace plimsoll::http
