#include "runtime/shim/log_line.h"

#include "base/text.h"

namespace plimsoll::shim {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
          out += c;
          break;
        }
        out += "\\u00";
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

}  // namespace

void append_log_line(std::string& out, std::string_view text, std::string_view stream,
                     WallTime time) {
  out += R"({"log":")";
  if (is_valid_utf8(text)) {
    append_escaped(out, text);
  } else {
    std::string valid;
    append_valid_utf8(valid, text);
    append_escaped(out, valid);
  }
  out += R"(","stream":")";
  out += stream;
  out += R"(","time":")";
  out += rfc3339(time);
  out += "\"}\n";
}

}  // namespace plimsoll::shim
