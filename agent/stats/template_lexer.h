// The pieces of a template: text between actions, and the tokens inside them. Internal to
// template.cc and its parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::agent {

enum class TokenKind : std::uint8_t {
  kText,    // Between actions; escapes undone, trim markers applied.
  kOpen,    // {{
  kClose,   // }}
  kField,   // .Name: `text` is the name; "" for the bare dot
  kWord,    // if, end, a function's name
  kString,  // Unquoted.
  kNumber,
  kPipe,
  kLeft,
  kRight,
  kEnd
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::size_t at = 0;  // Byte offset in the template.
};

[[nodiscard]] Failure template_error(std::size_t at, std::string_view what);

// Ends with kEnd. kInvalidInput names the column.
[[nodiscard]] Result<std::vector<Token>> lex_template(std::string_view text, std::size_t offset);

}  // namespace plimsoll::agent
