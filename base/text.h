// Small text helpers without allocation: walking lines and words of kernel files; and the few that
// make strings.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace plimsoll {

// Takes the next line (without '\n') off `text`. A last line without '\n' counts. False at the end.
inline bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const std::size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

// Takes the next word off `line`; words are separated by one or more blanks or tabs. False at the
// end.
inline bool next_word(std::string_view& line, std::string_view& word) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    line = {};
    return false;
  }
  line.remove_prefix(start);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  word = line.substr(0, end);
  line.remove_prefix(end);
  return true;
}

// Without blanks, tabs and newlines at both ends.
[[nodiscard]] inline std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

// Appends `text`, with every byte that is not part of valid UTF-8 replaced by U+FFFD (Unicode 15,
// section 3.9: one replacement per maximal ill-formed part).
void append_valid_utf8(std::string& out, std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// "2026-11-20T23:33:55.123456789Z" (RFC 3339, nanoseconds, UTC).
[[nodiscard]] std::string rfc3339(WallTime time);
// Accepts any number of fraction digits and a numeric offset or Z; nothing else (Docker and podman
// state files).
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace plimsoll
