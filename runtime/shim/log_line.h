// One line of Docker's json-file log. Pure.
//   {"log":"hello\n","stream":"stdout","time":"2026-11-20T23:33:55.123456789Z"}
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace plimsoll::shim {

// Docker's own bound: what is longer is written in pieces, all but the last without "\n".
inline constexpr std::size_t kMaxPiece = std::size_t{16} * 1024;

// `text` as it came, with its newline if it has one. Bytes that are no UTF-8 become U+FFFD.
void append_log_line(std::string& out, std::string_view text, std::string_view stream,
                     WallTime time);

// The bytes of one stream, cut into lines; what has no newline yet is kept, kMaxPiece at most.
class LineCutter {
 public:
  // Calls `line(text)` for each that is whole, or as long as a piece may be.
  template <class Line>
  void feed(std::string_view bytes, Line line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::size_t wanted = end == std::string_view::npos ? bytes.size() : end + 1;
      const std::size_t size = std::min(wanted, kMaxPiece - kept_.size());
      const std::string_view part = bytes.substr(0, size);
      bytes.remove_prefix(size);
      if (part.back() != '\n' && kept_.size() + size < kMaxPiece) {
        kept_ += part;
      } else if (kept_.empty()) {
        line(part);
      } else {
        kept_ += part;
        line(std::string_view(kept_));
        kept_.clear();
      }
    }
  }
  // The end: what was kept is a line without a newline.
  template <class Line>
  void finish(Line line) {
    if (!kept_.empty()) line(std::string_view(kept_));
    kept_.clear();
  }

 private:
  std::string kept_;
};

}  // namespace plimsoll::shim
