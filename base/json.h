// JSON (RFC 8259) as what was written: a tree of views into the text, and an appender of strings.
//
// For programs that start, read one document and end: nothing is converted that nobody asks for,
// and no library comes along. Strict, since what is read here decides about privileges: a property
// that stands twice is refused (two readers of one text must not see two values), so are bytes that
// are not UTF-8, and lone surrogates. Thread: values, no shared state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::json {

enum class Type : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

// "a string", "an object": for messages.
[[nodiscard]] std::string_view name_of(Type type);

struct Member;

struct Value {
  Type type = Type::kNull;
  bool boolean = false;
  std::string_view text;        // A string without its escapes; a number as written.
  std::vector<Member> members;  // Of an object, in their order; of an array with empty keys.

  // Nothing when it is no object or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;
};

struct Member {
  std::string_view key;
  Value value;
};

// Views point into the text that was parsed, which must outlive it, and into `unescaped`.
struct Document {
  Value root;
  std::deque<std::string> unescaped;  // A deque, whose strings stay where they are.
};

struct Bounds {
  std::size_t bytes = std::size_t{4} << 20;
  std::size_t depth = 64;
};

// kInvalidInput: "line 3, column 7: expected ',' or '}'".
[[nodiscard]] Result<Document> parse(std::string_view text, Bounds bounds = {});

// With quotes. Bytes that are not valid UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

}  // namespace plimsoll::json
