// A connection whose bytes are encrypted: the four operations a Connection needs of its socket.
// Internal to this room; made by a Gate.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <span>

namespace plimsoll::http {

// Loop thread only. Handlers run from the loop; the stream and the socket below it must live until
// they did. Closing the socket ends every operation with an error.
class SecureStream {
 public:
  using Handler = std::function<void(const boost::system::error_code&, std::size_t)>;
  virtual ~SecureStream() = default;

  // First of all, once. The count is 0.
  virtual void handshake(Handler handler) = 0;
  // eof at the end of the input, said properly or not.
  virtual void read_some(boost::asio::mutable_buffer into, Handler handler) = 0;
  virtual void write_some(std::span<const boost::asio::const_buffer> pieces, Handler handler) = 0;
  // Tells the client that nothing follows, and waits for its answer. The count is 0.
  virtual void shutdown(Handler handler) = 0;
};

}  // namespace plimsoll::http
