#include "http/tls_client.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace plimsoll::http {

namespace {

using Context = std::shared_ptr<SSL_CTX>;
using Session = std::unique_ptr<SSL, decltype(&::SSL_free)>;

std::string take_openssl_error() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* const text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "no reason given" : text;
}

// TLS between two memory buffers; the socket's own calls keep the deadlines, and no signal comes
// from a peer that left.
class TlsChannel final : public ClientChannel {
 public:
  TlsChannel(Fd socket, Context context, std::string endpoint)
      : socket_(std::move(socket)),
        context_(std::move(context)),
        session_(::SSL_new(context_.get()), &::SSL_free),
        endpoint_(std::move(endpoint)),
        input_(::BIO_new(::BIO_s_mem())),
        output_(::BIO_new(::BIO_s_mem())) {
    PLIMSOLL_CHECK(session_ && input_ != nullptr && output_ != nullptr);
    ::SSL_set_bio(session_.get(), input_, output_);  // They are the session's now.
    ::SSL_set_connect_state(session_.get());
  }

  Result<> handshake(const Address& address, TimePoint deadline) {
    PLIMSOLL_TRY(expect(address.host.empty() ? "127.0.0.1" : address.host));
    for (;;) {
      ::ERR_clear_error();
      const int done = ::SSL_do_handshake(session_.get());
      const int why = done == 1 ? SSL_ERROR_NONE : ::SSL_get_error(session_.get(), done);
      const Result<> flushed = flush(deadline);  // An alert tells the server why we leave.
      if (why == SSL_ERROR_NONE) return flushed;
      if (why != SSL_ERROR_WANT_READ) return refused();
      PLIMSOLL_TRY(Result<>(flushed));
      if (!PLIMSOLL_TRY(fill(deadline)))
        return failure(ErrorKind::kIo, "TLS", endpoint_ + ": the server ended the connection");
    }
  }

  Result<> send_all(std::string_view bytes, TimePoint deadline) override {
    if (bytes.empty()) return {};
    ::ERR_clear_error();
    std::size_t written = 0;  // A memory buffer takes all.
    if (::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written) != 1)
      return failure(ErrorKind::kIo, "TLS", endpoint_ + ": " + take_openssl_error());
    return flush(deadline);
  }

  Result<std::size_t> receive(std::span<char> into, TimePoint deadline) override {
    for (;;) {
      ::ERR_clear_error();
      std::size_t n = 0;
      const int done = ::SSL_read_ex(session_.get(), into.data(), into.size(), &n);
      if (done == 1) return n;
      const int why = ::SSL_get_error(session_.get(), done);
      if (why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      if (why != SSL_ERROR_WANT_READ)
        return failure(ErrorKind::kIo, "TLS", endpoint_ + ": " + take_openssl_error());
      PLIMSOLL_TRY(flush(deadline));
      // Without the server's goodbye nobody knows whether this was all.
      if (!PLIMSOLL_TRY(fill(deadline)))
        return failure(ErrorKind::kIo, "TLS", endpoint_ + ": cut off in the middle");
    }
  }

 private:
  // Whose certificate it must be.
  Result<> expect(const std::string& host) {
    X509_VERIFY_PARAM* const rule = ::SSL_get0_param(session_.get());
    if (::X509_VERIFY_PARAM_set1_ip_asc(rule, host.c_str()) == 1) return {};
    if (::SSL_set1_host(session_.get(), host.c_str()) == 1 &&
        SSL_set_tlsext_host_name(session_.get(), host.c_str()) == 1)
      return {};
    return invalid_input("TLS", endpoint_ + ": no name a certificate can have");
  }

  [[nodiscard]] Failure refused() const {
    const long verdict = ::SSL_get_verify_result(session_.get());
    const std::string reason = take_openssl_error();
    if (verdict == X509_V_OK)
      return failure(ErrorKind::kRejected, "TLS", endpoint_ + ": " + reason);
    return failure(ErrorKind::kRejected, "TLS",
                   endpoint_ + ": the server's certificate is not accepted: " +
                       ::X509_verify_cert_error_string(verdict));
  }

  Result<> flush(TimePoint deadline) {
    std::array<char, 16384> bytes{};
    for (int n = 0; (n = ::BIO_read(output_, bytes.data(), bytes.size())) > 0;)
      PLIMSOLL_TRY(http::send_all(socket_, {bytes.data(), static_cast<std::size_t>(n)}, endpoint_,
                                  deadline));
    return {};
  }

  // False at the end of the input.
  Result<bool> fill(TimePoint deadline) {
    std::array<char, 16384> bytes{};
    const std::size_t n = PLIMSOLL_TRY(http::receive(socket_, bytes, endpoint_, deadline));
    if (n == 0) return false;
    PLIMSOLL_CHECK(::BIO_write(input_, bytes.data(), static_cast<int>(n)) == static_cast<int>(n));
    return true;
  }

  const Fd socket_;
  const Context context_;
  const Session session_;
  const std::string endpoint_;
  BIO* const input_;  // The session's.
  BIO* const output_;
};

Failure bad_file(const char* what, const std::string& file) {
  return invalid_input("TLS", file + ": no " + what + " can be read: " + take_openssl_error());
}

Result<> trust(SSL_CTX* context, const TlsClientOptions& options) {
  if (options.check == ServerCheck::kNone) return {};
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    if (::SSL_CTX_set_default_verify_paths(context) != 1)
      return failure(ErrorKind::kIo, "TLS", "the system's authorities: " + take_openssl_error());
    return {};
  }
  if (::SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1)
    return bad_file("certificate", options.ca_file);
  return {};
}

Result<> identify(SSL_CTX* context, const TlsClientOptions& options) {
  if (options.cert_file.empty() != options.key_file.empty())
    return invalid_input("TLS",
                         "a certificate of our own needs its key, and a key its certificate");
  if (options.cert_file.empty()) return {};
  if (::SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1)
    return bad_file("certificate", options.cert_file);
  if (::SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return bad_file("key of that certificate", options.key_file);
  return {};
}

}  // namespace

Result<MakeChannel> make_tls_channels(const TlsClientOptions& options) {
  ::ERR_clear_error();
  const Context context(::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
  PLIMSOLL_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  PLIMSOLL_TRY(trust(context.get(), options));
  PLIMSOLL_TRY(identify(context.get(), options));
  return [context](Fd socket, const Peer& peer,
                   TimePoint deadline) -> Result<std::unique_ptr<ClientChannel>> {
    auto channel = std::make_unique<TlsChannel>(std::move(socket), context, peer.endpoint);
    PLIMSOLL_TRY(channel->handshake(peer.address, deadline));
    return channel;
  };
}

Result<std::string> basic_authorization(std::string_view user, std::string_view password) {
  if (user.contains(':'))
    return invalid_input("user", "'" + std::string(user) + "': a name cannot hold a colon");
  const std::string plain = std::string(user) + ":" + std::string(password);
  std::string encoded((plain.size() + 2) / 3 * 4 + 1, '\0');
  const int size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

}  // namespace plimsoll::http
