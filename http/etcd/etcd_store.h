// etcd by its HTTP/JSON gateway: no gRPC, no library besides our own HTTP client.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/etcd/store.h"

namespace plimsoll::etcd {

struct EtcdOptions {
  std::vector<std::string> endpoints;  // "http://HOST:PORT", "https://HOST:PORT"
  std::string user;                    // Not empty: a token is asked for, and again when it ended.
  std::string password_file;           // Its first line; re-read whenever a token is asked for.
  std::string ca_file;                 // Instead of the system's trusted authorities.
  std::string cert_file, key_file;     // Client certificate; both or none.
  std::chrono::milliseconds connect_timeout{1000};
  std::chrono::milliseconds timeout{3000};  // Of one request to one endpoint.
  // A watch that is silent so long is begun again: the other side may be gone without a word.
  std::chrono::milliseconds watch_silence{60'000};
};

// Endpoints are tried in turn, beginning with the one that answered last; each once in a call. An
// error names the endpoint. One connection for each request.
class EtcdStore final : public LeasedKeys, public KeyFeed {
 public:
  // Reads the certificates; kInvalidInput says what is no good.
  [[nodiscard]] static Result<std::unique_ptr<EtcdStore>> create(EtcdOptions options);
  ~EtcdStore() override;

  [[nodiscard]] Result<Lease> grant(std::chrono::seconds ttl) override;
  [[nodiscard]] Result<> keep_alive(LeaseId lease) override;
  [[nodiscard]] Result<> write(std::span<const KeyChange> changes, LeaseId lease) override;
  [[nodiscard]] Result<> revoke(LeaseId lease) override;

  [[nodiscard]] Result<KeyPage> page(const std::string& from, const std::string& end,
                                     std::int64_t revision) override;
  [[nodiscard]] Result<> watch(const std::string& from, const std::string& end,
                               std::int64_t revision, const OnNews& on_news) override;
  void cancel() override;

 private:
  class Impl;
  explicit EtcdStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plimsoll::etcd
