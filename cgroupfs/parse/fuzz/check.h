// What every parser owes its caller, asserted by the fuzz targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A refusal is kMalformed and names one line of the text.
inline void check_refusal(std::string_view text, const Error& error) {
  PLIMSOLL_CHECK(error.kind == ErrorKind::kMalformed);
  PLIMSOLL_CHECK(error.subject.find('\n') == std::string::npos);
  PLIMSOLL_CHECK(text.find(error.subject) != std::string_view::npos);
}

// What was accepted was not cut.
inline void check_whole(std::string_view text) {
  PLIMSOLL_CHECK(text.empty() || text.back() == '\n');
}

// Runs a pull parser to its end; it must end, and an entry costs at least two bytes of text.
template <class Cursor>
void check_cursor(std::string_view text, Cursor cursor) {
  for (std::size_t entries = 0;; ++entries) {
    PLIMSOLL_CHECK(entries <= text.size());
    const auto entry = cursor.next();
    if (!entry) return check_refusal(text, entry.error());
    if (!*entry) return check_whole(text);
  }
}

}  // namespace plimsoll::cgroupfs
