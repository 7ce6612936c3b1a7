#include "runtime/image/registry/client.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/base64.h"
#include "runtime/image/registry/challenge.h"

namespace plimsoll::image::registry {

namespace {

using model::refuse;
using model::Refused;

std::unexpected<model::Refusal> refused(const Error& error) {
  return refuse(error.kind == ErrorKind::kNotOffered ? Refused::kNotOffered : Refused::kFailed,
                error.subject);
}

// As Docker and OpenSSL's own programs have it: a directory for each registry, else a file that the
// environment names, else the system's.
Transport transport_to(const std::string& host, const Options& options) {
  Transport transport;
  const auto is_there = [](const std::string& path) { return ::access(path.c_str(), R_OK) == 0; };
  const std::string directory = options.certificates + "/" + host;
  const char* const named = std::getenv("SSL_CERT_FILE");
  if (is_there(directory + "/ca.crt"))
    transport.authority_file = directory + "/ca.crt";
  else if (named != nullptr)
    transport.authority_file = named;
  if (is_there(directory + "/client.cert") && is_there(directory + "/client.key")) {
    transport.own_certificate = directory + "/client.cert";
    transport.own_key = directory + "/client.key";
  }
  if (is_loopback(host) || std::ranges::find(options.insecure, host) != options.insecure.end())
    transport.insecure_host = host;
  return transport;
}

std::string parameter(const Challenge& challenge, const char* name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

}  // namespace

std::string host_of(const std::string& domain) {
  return domain == "docker.io" ? "registry-1.docker.io" : domain;
}

bool is_loopback(const std::string& host) {
  const std::string name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "[::1]" || name.starts_with("127.");
}

model::Answer<std::unique_ptr<Client>> Client::open(const Reference& reference,
                                                    const Credentials& credentials, Access access,
                                                    const Options& options) {
  std::unique_ptr<Client> client(new Client(reference, credentials, access));
  Result<std::shared_ptr<const Curl>> curl = load_curl();
  if (!curl) return refused(curl.error());
  client->curl_ = std::move(*curl);
  const std::string host = host_of(reference.domain);
  client->transport_ = transport_to(host, options);
  std::string last;
  for (const char* scheme : {"https://", "http://"}) {
    if (scheme[4] == ':' && client->transport_.insecure_host.empty()) break;
    client->base_ = scheme + host;
    std::unique_ptr<Session> session = PLIMSOLL_TRY(client->session());
    const Result<Response> answer = session->perform({.url = client->base_ + "/v2/"});
    if (answer) return client;
    // The first word is the better one, unless plain HTTP was the way.
    if (last.empty()) last = "Get \"" + client->base_ + "/v2/\": " + answer.error().subject;
  }
  return refuse(Refused::kFailed, last);
}

Result<std::unique_ptr<Session>> Client::session() const {
  return Session::open(curl_, transport_);
}

std::string Client::url_of(const std::string& path) const {
  if (path.starts_with("https://") || path.starts_with("http://")) return path;
  if (path.starts_with('/')) return base_ + path;
  return base_ + "/v2/" + reference_.path + "/" + path;
}

std::string Client::authorization() const {
  const std::lock_guard lock(mutex_);
  return authorization_;
}

model::Answer<Response> Client::perform(Session& session, Request request) {
  request.url = url_of(request.url);
  // A place on another host has its own leave in its address.
  const bool is_ours = request.url.starts_with(base_ + "/");
  const std::vector<std::string> headers = request.headers;
  for (int attempt = 0;; ++attempt) {
    request.headers = headers;
    const std::string known = is_ours ? authorization() : "";
    if (!known.empty()) request.headers.push_back("Authorization: " + known);
    Result<Response> response = session.perform(request);
    if (!response) return refused(response.error());
    constexpr long kUnauthorized = 401;
    const auto challenge = response->headers.find("www-authenticate");
    if (response->status != kUnauthorized || !is_ours || attempt > 0 ||
        challenge == response->headers.end())
      return *std::move(response);
    PLIMSOLL_TRY(answer_challenge(session, challenge->second));
  }
}

model::Answer<> Client::answer_challenge(Session& session, const std::string& header) {
  const std::optional<Challenge> challenge = parse_challenge(header);
  if (!challenge) return refuse(Refused::kFailed, "unintelligible challenge: " + header);
  const std::string basic =
      "Basic " + to_base64(credentials_.username + ":" + credentials_.password);
  std::string answer;
  if (challenge->scheme == "basic") {
    if (credentials_.username.empty())
      return refuse(Refused::kUnauthorized, "no basic auth credentials");
    answer = basic;
  } else if (challenge->scheme == "bearer") {
    const std::string realm = parameter(*challenge, "realm");
    const std::string token =
        PLIMSOLL_TRY(!credentials_.registry_token.empty()
                         ? model::Answer<std::string>(credentials_.registry_token)
                         : fetch_token(session, realm, parameter(*challenge, "service"),
                                       parameter(*challenge, "scope")));
    answer = "Bearer " + token;
  } else {
    return refuse(Refused::kFailed, "unknown way to authenticate: " + challenge->scheme);
  }
  const std::lock_guard lock(mutex_);
  authorization_ = std::move(answer);
  return {};
}

model::Answer<std::string> Client::fetch_token(Session& session, const std::string& realm,
                                               const std::string& service,
                                               const std::string& scope) {
  // Passwords go over TLS, but to this machine itself.
  if (!realm.starts_with("https://") &&
      !(realm.starts_with("http://") && !transport_.insecure_host.empty()))
    return refuse(Refused::kFailed, "the registry sends for a token to \"" + realm + "\"");
  std::string query = "service=" + escape(service);
  std::vector<std::string> scopes;
  if (!reference_.path.empty())
    scopes.push_back("repository:" + reference_.path +
                     (access_ == Access::kPush ? ":pull,push" : ":pull"));
  for (const std::string& path : more_scopes_) scopes.push_back("repository:" + path + ":pull");
  if (!scope.empty() && std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
  Request request;
  if (!credentials_.identity_token.empty()) {
    std::string all;
    for (const std::string& each : scopes) all += (all.empty() ? "" : " ") + each;
    request.method = "POST";
    request.url = realm;
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body = "grant_type=refresh_token&client_id=plimsoll&refresh_token=" +
                   escape(credentials_.identity_token) + "&" + query + "&scope=" + escape(all);
  } else {
    for (const std::string& each : scopes) query += "&scope=" + escape(each);
    request.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + query;
    if (!credentials_.username.empty())
      request.headers = {"Authorization: Basic " +
                         to_base64(credentials_.username + ":" + credentials_.password)};
  }
  const Result<Response> response = session.perform(request);
  if (!response) return refused(response.error());
  constexpr long kGood = 200;
  if (response->status == kGood) return PLIMSOLL_TRY(parse_token(response->body));
  const std::string why = parse_errors(response->body);
  return refuse(Refused::kUnauthorized,
                why.empty() ? "unauthorized: authentication required" : why);
}

model::Answer<> Client::check_login() {
  const std::unique_ptr<Session> session = PLIMSOLL_TRY(this->session());
  const Response response = PLIMSOLL_TRY(perform(*session, {.url = "/v2/"}));
  constexpr long kGood = 200;
  if (response.status == kGood) return {};
  const std::string why = parse_errors(response.body);
  return refuse(Refused::kUnauthorized,
                "Get \"" + base_ + "/v2/\": " +
                    (why.empty() ? "unauthorized: incorrect username or password" : why));
}

model::Refusal Client::refusal(const Response& response, const std::string& what) const {
  constexpr long kUnauthorized = 401;
  constexpr long kForbidden = 403;
  constexpr long kNotFound = 404;
  const std::string why = parse_errors(response.body);
  if (response.status == kUnauthorized || response.status == kForbidden) {
    if (access_ == Access::kPush)
      return {Refused::kForbidden,
              "denied: " + (why.empty() ? "requested access to the resource is denied" : why)};
    return {Refused::kNotFound,
            "pull access denied for " + reference_.familiar() +
                ", repository does not exist or may require 'docker login': " +
                (why.empty() ? "denied: requested access to the resource is denied" : why)};
  }
  if (response.status == kNotFound)
    return {Refused::kNotFound, what + " not found: " + (why.empty() ? "not found" : why)};
  return {Refused::kFailed, what + ": the registry answered " + std::to_string(response.status) +
                                (why.empty() ? "" : ": " + why)};
}

}  // namespace plimsoll::image::registry
