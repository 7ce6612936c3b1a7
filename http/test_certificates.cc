#include "http/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"

namespace plimsoll::http::testing {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;

Key new_key() {
  return {::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &::EVP_PKEY_free};
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  ::BIO_free(bio);
  return text;
}

std::string pem_of(X509* certificate) {
  BIO* const bio = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_X509(bio, certificate);
  return text_of(bio);
}

std::string pem_of(EVP_PKEY* key) {
  BIO* const bio = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = ::X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  PLIMSOLL_CHECK(extension != nullptr);
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

Certificate blank(const std::string& common_name, EVP_PKEY* key, long serial) {
  constexpr long kDay = 24L * 3600;
  Certificate made(::X509_new(), &::X509_free);
  ::X509_set_version(made.get(), 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), serial);
  ::X509_gmtime_adj(X509_getm_notBefore(made.get()), -kDay);
  ::X509_gmtime_adj(X509_getm_notAfter(made.get()), kDay);
  ::X509_set_pubkey(made.get(), key);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
  return made;
}

}  // namespace

struct Authority::Keys {
  Key key = new_key();
  Certificate certificate{nullptr, &::X509_free};
};

Authority::Authority(const std::string& name) : keys_(std::make_unique<Keys>()) {
  keys_->certificate = blank(name, keys_->key.get(), 1);
  X509* const own = keys_->certificate.get();
  ::X509_set_issuer_name(own, ::X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  ::X509_sign(own, keys_->key.get(), ::EVP_sha256());
  pem_ = pem_of(own);
}

Authority::~Authority() = default;

PemPair Authority::issue(const std::string& common_name,
                         const std::vector<std::string>& names) const {
  static long serial = 1;
  const Key key = new_key();
  const Certificate made = blank(common_name, key.get(), ++serial);
  ::X509_set_issuer_name(made.get(), ::X509_get_subject_name(keys_->certificate.get()));
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  if (!list.empty())
    add_extension(made.get(), keys_->certificate.get(), NID_subject_alt_name, list);
  ::X509_sign(made.get(), keys_->key.get(), ::EVP_sha256());
  return {pem_of(made.get()), pem_of(key.get())};
}

}  // namespace plimsoll::http::testing
