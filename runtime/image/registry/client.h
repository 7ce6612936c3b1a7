// One repository of one registry (the distribution specification, v2).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/image/reference.h"
#include "runtime/image/registry/http.h"
#include "runtime/image/store.h"

namespace plimsoll::image::registry {

using Options = RegistryOptions;

// What a registry is to be asked for; scopes of tokens.
enum class Access : std::uint8_t { kPull, kPush };

class Client {
 public:
  // Finds out whether the registry speaks TLS: plain HTTP, and certificates that nobody vouches
  // for, are for loopback and the insecure ones.
  [[nodiscard]] static model::Answer<std::unique_ptr<Client>> open(const Reference& reference,
                                                                   const Credentials& credentials,
                                                                   Access access,
                                                                   const Options& options);
  // `request.url` is a path below /v2/<repository>/ ("manifests/latest"), or absolute where the
  // registry has given a place. Answers its challenge once. Threads: any, each with a session.
  [[nodiscard]] model::Answer<Response> perform(Session& session, Request request);
  [[nodiscard]] Result<std::unique_ptr<Session>> session() const;
  // Whether the credentials are taken.
  [[nodiscard]] model::Answer<> check_login();
  [[nodiscard]] const Reference& reference() const { return reference_; }
  // In Docker's words, for an answer that is not what was asked for.
  [[nodiscard]] model::Refusal refusal(const Response& response, const std::string& what) const;
  // Tokens name what they are good for.
  void also_pull_from(const std::string& path) { more_scopes_.push_back(path); }

 private:
  Client(Reference reference, Credentials credentials, Access access)
      : reference_(std::move(reference)), credentials_(std::move(credentials)), access_(access) {}
  [[nodiscard]] std::string url_of(const std::string& path) const;
  [[nodiscard]] std::string authorization() const;
  [[nodiscard]] model::Answer<> answer_challenge(Session& session, const std::string& header);
  [[nodiscard]] model::Answer<std::string> fetch_token(Session& session, const std::string& realm,
                                                       const std::string& service,
                                                       const std::string& scope);

  Reference reference_;
  Credentials credentials_;
  Access access_;
  std::shared_ptr<const Curl> curl_;
  Transport transport_;
  std::string base_;  // "https://example.com"
  std::vector<std::string> more_scopes_;
  mutable std::mutex mutex_;  // Of what follows: downloads run side by side.
  std::string authorization_;
};

// "registry-1.docker.io" for Docker's own.
[[nodiscard]] std::string host_of(const std::string& domain);
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace plimsoll::image::registry
