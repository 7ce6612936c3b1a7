// What handshakes need, made once from settings and PEM texts, and never changed after. OpenSSL
// stays in the .cc files.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "http/web_config.h"

struct ssl_ctx_st;

namespace plimsoll::http {

// PEM texts, wherever they came from.
struct TlsMaterial {
  std::string cert, key, client_ca;
};

class TlsContext {
 public:
  // kInvalidInput says what does not fit together: a key of another certificate, no certificate in
  // the file, an encrypted key.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> create(
      const TlsSettings& settings, const TlsMaterial& material);

  struct ClientRule;  // tls_client_rule.h

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  [[nodiscard]] ssl_ctx_st* native() const { return context_; }

 private:
  TlsContext(ssl_ctx_st* context, std::unique_ptr<const ClientRule> rule);

  ssl_ctx_st* context_;
  std::unique_ptr<const ClientRule> rule_;  // Handshakes point to it.
};

}  // namespace plimsoll::http
