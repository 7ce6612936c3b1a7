#include "http/test_tls_client.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <memory>

#include "http/client_socket.h"

namespace plimsoll::http::testing {

namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)>;
using Session = std::unique_ptr<SSL, decltype(&::SSL_free)>;

std::string last_error() {
  const unsigned long code = ::ERR_peek_error();
  const char* const text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "" : text;
}

X509* certificate_in(const std::string& pem) {
  BIO* const bio = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const found = ::PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  ::BIO_free(bio);
  return found;
}

void prepare(SSL_CTX* context, const TlsAsk& ask) {
  // Old versions are offered when asked for: it is the server that must refuse.
  ::SSL_CTX_set_security_level(context, 0);
  if (ask.version != 0) {
    SSL_CTX_set_min_proto_version(context, ask.version);
    SSL_CTX_set_max_proto_version(context, ask.version);
  }
  if (!ask.ciphers.empty()) ::SSL_CTX_set_cipher_list(context, ask.ciphers.c_str());
  if (!ask.protocols.empty())
    ::SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(ask.protocols.data()),
                              static_cast<unsigned>(ask.protocols.size()));
  if (!ask.authority.empty()) {
    X509* const authority = certificate_in(ask.authority);
    ::X509_STORE_add_cert(::SSL_CTX_get_cert_store(context), authority);
    ::X509_free(authority);
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (ask.own.cert.empty()) return;
  X509* const own = certificate_in(ask.own.cert);
  ::SSL_CTX_use_certificate(context, own);
  ::X509_free(own);
  BIO* const bio = ::BIO_new_mem_buf(ask.own.key.data(), static_cast<int>(ask.own.key.size()));
  EVP_PKEY* const key = ::PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  ::SSL_CTX_use_PrivateKey(context, key);
  ::EVP_PKEY_free(key);
  ::BIO_free(bio);
}

void describe(SSL* session, TlsTold& told) {
  told.version = ::SSL_get_version(session);
  told.cipher = ::SSL_get_cipher_name(session);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  ::SSL_get0_alpn_selected(session, &protocol, &size);
  told.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  std::array<char, 128> name{};
  X509* const certificate = ::SSL_get0_peer_certificate(session);
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
  told.server_name = name.data();
}

}  // namespace

TlsTold ask_tls(const TlsAsk& ask) {
  TlsTold told;
  const auto address = parse_address(ask.address);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto socket = connect_to(*address, ask.address, deadline);
  if (!socket) {
    told.error = socket.error().message();
    return told;
  }
  ::fcntl(socket->get(), F_SETFL, 0);  // Blocking: simplest for one request.
  const timeval patience{30, 0};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const Context context(::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
  prepare(context.get(), ask);
  const Session session(::SSL_new(context.get()), &::SSL_free);
  ::SSL_set_fd(session.get(), socket->get());
  ::ERR_clear_error();
  if (::SSL_connect(session.get()) != 1) {
    told.error = last_error();
    return told;
  }
  told.connected = true;
  describe(session.get(), told);
  ::SSL_write(session.get(), ask.request.data(), static_cast<int>(ask.request.size()));
  std::array<char, 65536> bytes{};
  for (;;) {
    const int n = ::SSL_read(session.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (n > 0) {
      told.answer.append(bytes.data(), static_cast<std::size_t>(n));
      continue;
    }
    told.ended_well = ::SSL_get_error(session.get(), n) == SSL_ERROR_ZERO_RETURN;
    if (!told.ended_well) told.error = last_error();
    return told;
  }
}

}  // namespace plimsoll::http::testing
