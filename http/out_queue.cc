#include "http/out_queue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace plimsoll::http {

void OutQueue::push(Piece piece) {
  const std::size_t size = piece.size();
  if (size == 0) return;  // gather() would never get past it.
  bytes_ += size;
  pieces_.push_back(std::move(piece));
}

std::span<boost::asio::const_buffer> OutQueue::gather(
    std::span<boost::asio::const_buffer> slots) const {
  std::size_t used = 0;
  std::size_t skip = taken_;
  for (const Piece& piece : pieces_) {
    const std::array<std::string_view, 3> parts = {
        piece.prefix, piece.body ? std::string_view(*piece.body) : std::string_view(),
        piece.suffix};
    for (std::string_view part : parts) {
      const std::size_t gone = std::min(skip, part.size());
      skip -= gone;
      part.remove_prefix(gone);
      if (part.empty()) continue;
      if (used == slots.size()) return slots;
      slots[used++] = boost::asio::const_buffer(part.data(), part.size());
    }
  }
  return slots.first(used);
}

void OutQueue::consume(std::size_t count) {
  PLIMSOLL_CHECK(count <= bytes_);
  bytes_ -= count;
  taken_ += count;
  while (!pieces_.empty() && taken_ >= pieces_.front().size()) {
    taken_ -= pieces_.front().size();
    pieces_.pop_front();
  }
}

}  // namespace plimsoll::http
