#include "exporter/stream/json_writer.h"

#include <array>

#include "base/text.h"

namespace plimsoll::exporter {

namespace {

// Bytes that may stand as they are: printable ASCII but '"' and '\'.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_plain(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
  }
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && is_plain(text[n])) ++n;
    out.append(text.substr(0, n));
    text.remove_prefix(n);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
      continue;
    }
    // A run of non-ASCII bytes: repaired as a whole, so that no sequence is cut in two.
    std::size_t run = 1;
    while (run < text.size() && static_cast<unsigned char>(text[run]) >= 0x80) ++run;
    append_valid_utf8(out, text.substr(0, run));
    text.remove_prefix(run);
  }
}

}  // namespace plimsoll::exporter
