#include "control/breach/encode.h"
#include "control/breach/sink.h"
#include "http/client.h"
#include "http/tls_client.h"

namespace plimsoll::control {

Result<WebhookTarget> parse_webhook_url(const std::string& url) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  constexpr std::string_view kUnix = "unix:";
  const std::string_view text = url;
  if (text.starts_with(kUnix)) {
    const std::size_t colon = text.find(':', kUnix.size());
    WebhookTarget target{.endpoint = std::string(text.substr(0, colon)), .path = "/"};
    if (colon != std::string_view::npos) target.path = text.substr(colon + 1);
    if (target.endpoint.size() > kUnix.size() && target.path.starts_with('/')) return target;
  }
  const bool secure = text.starts_with(kSecure);
  if (secure || text.starts_with(kPlain)) {
    const std::string_view rest = text.substr(secure ? kSecure.size() : kPlain.size());
    const std::size_t slash = rest.find('/');
    WebhookTarget target{
        .endpoint = std::string(rest.substr(0, slash)), .path = "/", .tls = secure};
    if (slash != std::string_view::npos) target.path = rest.substr(slash);
    const std::string_view host = target.endpoint;
    const bool has_port = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
    if (!has_port && !host.empty()) target.endpoint += secure ? ":443" : ":80";
    const bool clean = url.find_first_of(" \t\r\n") == std::string::npos;
    if (!host.empty() && clean && host.find('@') == std::string_view::npos) return target;
  }
  return invalid_input("webhook", url +
                                      ": give http://HOST:PORT/PATH, https://HOST/PATH or "
                                      "unix:/SOCKET:/PATH; a password belongs into its own option");
}

Result<Sink::Deliver> make_webhook(const WebhookOptions& options) {
  const WebhookTarget target = PLIMSOLL_TRY(parse_webhook_url(options.url));
  http::ClientOptions client;
  client.timeout = options.timeout;
  client.authorization = options.authorization;
  client.max_body = std::size_t{64} << 10;
  if (target.tls)
    client.channel = PLIMSOLL_TRY(http::make_tls_channels({.ca_file = options.ca_file}));
  return [target, client](const BreachEvent& event) -> Result<> {
    const http::ClientResponse answer = PLIMSOLL_TRY(
        http::post(target.endpoint, target.path, {"application/json", to_json(event)}, client));
    if (answer.status >= 200 && answer.status < 300) return {};
    const bool for_good =
        answer.status >= 400 && answer.status < 500 && answer.status != 408 && answer.status != 429;
    return failure(for_good ? ErrorKind::kRejected : ErrorKind::kBusy, "webhook",
                   target.endpoint + target.path + " answered " + std::to_string(answer.status));
  };
}

}  // namespace plimsoll::control
