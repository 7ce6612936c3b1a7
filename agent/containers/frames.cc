#include "agent/containers/frames.h"

#include <algorithm>

namespace plimsoll::agent {

bool FrameReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::string_view piece = bytes.substr(0, left_);
      take_(static_cast<Stream>(head_[0]), piece);
      left_ -= static_cast<std::uint32_t>(piece.size());
      bytes.remove_prefix(piece.size());
      continue;
    }
    const std::size_t n = std::min(head_.size() - have_, bytes.size());
    std::copy_n(bytes.begin(), n, head_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += n;
    bytes.remove_prefix(n);
    if (have_ < head_.size()) return true;
    if (head_[0] > 3 || head_[1] != 0 || head_[2] != 0 || head_[3] != 0) return false;
    have_ = 0;
    for (std::size_t i = 4; i < 8; ++i) left_ = (left_ << 8U) | head_[i];
  }
  return true;
}

}  // namespace plimsoll::agent
