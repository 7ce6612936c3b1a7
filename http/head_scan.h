// Finds where the head of a request ends, line by line, before any grammar looks at it. Pure; keeps
// its place so that bytes arriving one at a time cost no quadratic rescans.
#pragma once

#include <cstddef>
#include <string_view>

namespace plimsoll::http {

class HeadScan {
 public:
  enum class Verdict {
    kMore,      // No empty line yet.
    kComplete,  // size() bytes are the head.
    kBareLf,    // A line ends without CR: parsers differ on whether it ends there.
    kFolded,    // A line starts with a blank: an obsolete continuation, or a smuggled header.
    kNotHttp    // The first byte starts no method (a TLS handshake, for example).
  };

  // `bytes` is everything received since the start of this request; only ever grows.
  [[nodiscard]] Verdict look(std::string_view bytes);
  [[nodiscard]] std::size_t size() const { return line_; }

 private:
  std::size_t line_ = 0;     // Where the current line starts.
  std::size_t scanned_ = 0;  // No LF before here in the current line.
};

}  // namespace plimsoll::http
