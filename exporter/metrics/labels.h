// Label values as they stand between quotes in an exposition.
#pragma once

#include <string>
#include <string_view>

namespace plimsoll::exporter {

// Such a value needs no care in any format but for its quotes and backslashes.
[[nodiscard]] inline bool is_ascii(std::string_view text) {
  unsigned char seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

// Writes `value` escaped for the text format: \ " and newline get a backslash, so no value can end
// its quotes or its line. The result is valid UTF-8, and different values stay different: a byte
// that is not UTF-8 becomes U+FFFD and its two hex digits, a real U+FFFD is doubled. (Two cgroups
// whose names differ in such a byte must not give the same series twice.)
// `to` has room for kMaxEscaped bytes per byte; gives the end.
[[nodiscard]] char* put_label_value(char* to, std::string_view value);
inline constexpr std::size_t kMaxEscaped = 6;
void append_label_value(std::string& out, std::string_view value);
// The same for formats that need no escapes: valid UTF-8 only.
void append_plain_value(std::string& out, std::string_view value);

// Appends `name` with every byte outside [a-zA-Z0-9_] replaced by '_': cAdvisor's rule for the part
// after "container_label_".
void append_label_name(std::string& out, std::string_view name);

}  // namespace plimsoll::exporter
