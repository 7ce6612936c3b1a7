#include "http/tls_client_rule.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

namespace plimsoll::http {

namespace {

std::string text_of(const ASN1_STRING* string) {
  const unsigned char* bytes = ASN1_STRING_get0_data(string);
  const int length = ASN1_STRING_length(string);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)};
}

// As Go prints it: an IPv4 address in 16 bytes is still an IPv4 address.
std::string address_of(const ASN1_STRING* string) {
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  std::string bytes = text_of(string);
  if (bytes.size() == 16 && bytes.starts_with(kMapped)) bytes.erase(0, kMapped.size());
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  return ::inet_ntop(family, bytes.data(), text.data(), text.size());
}

bool needs_signature(ClientAuth auth) {
  return auth == ClientAuth::kVerifyIfGiven || auth == ClientAuth::kRequireAndVerify;
}

bool names_one_of(const X509* certificate, const std::vector<std::string>& allowed) {
  return certificate != nullptr &&
         std::ranges::any_of(alternative_names(*certificate), [&](const std::string& name) {
           return std::ranges::find(allowed, name) != allowed.end();
         });
}

// Called with the chain a client sent; 1 = it gets in. The error tells the client which alert.
int judge(X509_STORE_CTX* store, void* rule_pointer) {
  const auto& rule = *static_cast<const TlsContext::ClientRule*>(rule_pointer);
  if (needs_signature(rule.auth) && ::X509_verify_cert(store) != 1) return 0;
  if (rule.allowed_sans && !names_one_of(::X509_STORE_CTX_get0_cert(store), *rule.allowed_sans)) {
    ::X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  // Nobody had to sign it: what verification would say does not matter.
  ::X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

}  // namespace

void TlsContext::ClientRule::apply_to(ssl_ctx_st& context) const {
  if (auth == ClientAuth::kNone) return ::SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  const bool required = auth == ClientAuth::kRequireAny || auth == ClientAuth::kRequireAndVerify;
  ::SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
  // OpenSSL's interface has no const; judge() restores it.
  ::SSL_CTX_set_cert_verify_callback(&context, &judge, const_cast<ClientRule*>(this));
}

std::vector<std::string> alternative_names(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&::GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          ::X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      &::GENERAL_NAMES_free);
  std::vector<std::string> found;
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const void* value = ::GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    const auto* string = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI)
      found.push_back(text_of(string));
    else if (type == GEN_IPADD)
      found.push_back(address_of(string));
  }
  return found;
}

}  // namespace plimsoll::http
