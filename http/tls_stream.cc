#include "http/tls_stream.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

namespace plimsoll::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Asio wants a context of its own to start from; this one shares ours.
asio::ssl::context shared(const TlsContext& context) {
  ::SSL_CTX_up_ref(context.native());
  return asio::ssl::context(context.native());
}

class TlsStream final : public SecureStream {
 public:
  TlsStream(Gate::Socket& socket, std::shared_ptr<const TlsContext> context)
      : context_(std::move(context)), borrowed_(shared(*context_)), stream_(socket, borrowed_) {}

  void handshake(Handler handler) override {
    stream_.async_handshake(
        asio::ssl::stream_base::server,
        [handler = std::move(handler)](const error_code& ec) { handler(ec, 0); });
  }

  void read_some(asio::mutable_buffer into, Handler handler) override {
    stream_.async_read_some(
        into, [handler = std::move(handler)](const error_code& ec, std::size_t count) {
          // Many clients just leave. A request that was cut is never complete, so nothing is lost.
          const bool left = ec == asio::ssl::error::stream_truncated;
          handler(left ? error_code(asio::error::eof) : ec, count);
        });
  }

  void write_some(std::span<const asio::const_buffer> pieces, Handler handler) override {
    stream_.async_write_some(pieces, std::move(handler));
  }

  void shutdown(Handler handler) override {
    stream_.async_shutdown(
        [handler = std::move(handler)](const error_code& ec) { handler(ec, 0); });
  }

 private:
  const std::shared_ptr<const TlsContext> context_;
  asio::ssl::context borrowed_;
  asio::ssl::stream<Gate::Socket&> stream_;
};

}  // namespace

std::unique_ptr<SecureStream> make_tls_stream(Gate::Socket& socket,
                                              std::shared_ptr<const TlsContext> context) {
  return std::make_unique<TlsStream>(socket, std::move(context));
}

}  // namespace plimsoll::http
