// Bytes on their way to one client: pieces in order, bodies shared with whoever formatted them.
// Nothing is copied together; the pieces are gathered into one system call.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace plimsoll::http {

struct Piece {
  std::string prefix;                       // A response head, or the size line of a chunk.
  std::shared_ptr<const std::string> body;  // May be null.
  std::string_view suffix;                  // A literal.

  [[nodiscard]] std::size_t size() const {
    return prefix.size() + (body ? body->size() : 0) + suffix.size();
  }
};

class OutQueue {
 public:
  void push(Piece piece);
  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // Fills `slots` with what comes next and returns the part that is in use; good until consume().
  [[nodiscard]] std::span<boost::asio::const_buffer> gather(
      std::span<boost::asio::const_buffer> slots) const;
  // The first `count` bytes were taken by the kernel.
  void consume(std::size_t count);

 private:
  std::deque<Piece> pieces_;
  std::size_t taken_ = 0;  // Of the first piece.
  std::size_t bytes_ = 0;  // Of all pieces, without `taken_`.
};

}  // namespace plimsoll::http
