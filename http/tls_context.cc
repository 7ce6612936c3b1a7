#include "http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "http/tls_client_rule.h"
#include "http/tls_names.h"

namespace plimsoll::http {

namespace {

struct Free {
  void operator()(SSL_CTX* p) const { ::SSL_CTX_free(p); }
  void operator()(BIO* p) const { ::BIO_free(p); }
  void operator()(X509* p) const { ::X509_free(p); }
  void operator()(EVP_PKEY* p) const { ::EVP_PKEY_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Forward secrecy and authenticated encryption: every client of the last ten years has it.
constexpr const char* kOurCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// With the library's own words for the last thing that went wrong.
Failure refuse(const std::string& what) {
  const unsigned long code = ::ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return invalid_input("tls", what + (reason == nullptr ? "" : std::string(": ") + reason));
}

Owned<BIO> reader_of(const std::string& pem) {
  return Owned<BIO>(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A daemon has nobody to ask for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::vector<Owned<X509>> certificates_in(const std::string& pem) {
  std::vector<Owned<X509>> found;
  const Owned<BIO> bio = reader_of(pem);
  while (X509* next = ::PEM_read_bio_X509(bio.get(), nullptr, &no_passphrase, nullptr))
    found.emplace_back(next);
  ::ERR_clear_error();  // The end of the text is told as an error.
  return found;
}

Result<> use_certificate(SSL_CTX& context, const TlsMaterial& material) {
  const std::vector<Owned<X509>> chain = certificates_in(material.cert);
  if (chain.empty()) return refuse("cert: no certificate in it");
  if (::SSL_CTX_use_certificate(&context, chain.front().get()) != 1) return refuse("cert");
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1) return refuse("cert: its chain");
  const Owned<BIO> bio = reader_of(material.key);
  const Owned<EVP_PKEY> key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  if (!key) return refuse("key: no private key in it, or an encrypted one");
  if (::SSL_CTX_use_PrivateKey(&context, key.get()) != 1) return refuse("key");
  if (::SSL_CTX_check_private_key(&context) != 1)
    return refuse("key: it is not that of the certificate");
  return {};
}

Result<> trust(SSL_CTX& context, const std::string& pem) {
  const std::vector<Owned<X509>> authorities = certificates_in(pem);
  if (authorities.empty()) return refuse("client_ca: no certificate in it");
  X509_STORE* const store = ::SSL_CTX_get_cert_store(&context);
  for (const Owned<X509>& authority : authorities) {
    if (::X509_STORE_add_cert(store, authority.get()) != 1) return refuse("client_ca");
    // Told to clients, so that those who have several certificates know which to send.
    if (::SSL_CTX_add_client_CA(&context, authority.get()) != 1) return refuse("client_ca");
  }
  return {};
}

int version_number(TlsVersion version) {
  return version == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

std::string joined(const std::vector<std::string>& names, std::span<const TlsName> known) {
  std::string list;
  for (const std::string& name : names) {
    const auto entry = std::ranges::find(known, name, &TlsName::name);
    if (entry == known.end() || entry->openssl.empty()) continue;
    list += (list.empty() ? "" : ":") + std::string(entry->openssl);
  }
  return list;
}

Result<> choose_ciphers(SSL_CTX& context, const TlsSettings& settings) {
  TlsVersion least = settings.min_version;
  std::string ciphers = joined(settings.cipher_suites, kCipherSuites);
  if (settings.cipher_suites.empty())
    ciphers = kOurCiphers;
  else if (ciphers.empty())
    least = TlsVersion::k13;  // Only its own were named.
  if (least > settings.max_version)
    return refuse("cipher_suites: none of them belongs to max_version");
  if (SSL_CTX_set_min_proto_version(&context, version_number(least)) != 1 ||
      SSL_CTX_set_max_proto_version(&context, version_number(settings.max_version)) != 1)
    return refuse("min_version, max_version");
  if (!ciphers.empty() && ::SSL_CTX_set_cipher_list(&context, ciphers.c_str()) != 1)
    return refuse("cipher_suites");
  const std::string curves = joined(settings.curve_preferences, kCurves);
  if (!curves.empty() && SSL_CTX_set1_groups_list(&context, curves.c_str()) != 1)
    return refuse("curve_preferences");
  return {};
}

// Of what a client offers we speak HTTP/1.1; to one that offers only others nothing is said.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (::SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void set_options(SSL_CTX& context, const TlsSettings& settings) {
  std::uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
  if (settings.prefer_server_cipher_suites) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
  // A resumed session would not show its certificate again, however long ago that was.
  if (settings.client_auth != ClientAuth::kNone) {
    options |= SSL_OP_NO_TICKET;
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_num_tickets(&context, 0);
  }
  ::SSL_CTX_set_options(&context, options);
  ::SSL_CTX_set_alpn_select_cb(&context, &choose_protocol, nullptr);
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, std::unique_ptr<const ClientRule> rule)
    : context_(context), rule_(std::move(rule)) {}

TlsContext::~TlsContext() {
  ::SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsSettings& settings,
                                                             const TlsMaterial& material) {
  ::ERR_clear_error();
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  if (std::max({material.cert.size(), material.key.size(), material.client_ca.size()}) > kMost)
    return refuse("a PEM text is too large");
  Owned<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()));
  if (!context) return refuse("OpenSSL");
  set_options(*context, settings);
  PLIMSOLL_TRY(choose_ciphers(*context, settings));
  PLIMSOLL_TRY(use_certificate(*context, material));
  auto rule = std::make_unique<ClientRule>();
  rule->auth = settings.client_auth;
  rule->allowed_sans = settings.client_allowed_sans;
  const bool verifies =
      rule->auth == ClientAuth::kVerifyIfGiven || rule->auth == ClientAuth::kRequireAndVerify;
  if (!material.client_ca.empty())
    PLIMSOLL_TRY(trust(*context, material.client_ca));
  else if (verifies && ::SSL_CTX_set_default_verify_paths(context.get()) != 1)
    return refuse("client_ca: this host's store of authorities");
  rule->apply_to(*context);
  return std::shared_ptr<const TlsContext>(new TlsContext(context.release(), std::move(rule)));
}

}  // namespace plimsoll::http
