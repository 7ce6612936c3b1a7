#include "base/json.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace plimsoll::json {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// Nearly always: eight bytes at a time, so that only text with other letters is looked at closely.
bool is_ascii(std::string_view text) {
  std::uint64_t high_bits = 0;
  for (; text.size() >= sizeof high_bits; text.remove_prefix(sizeof high_bits)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    high_bits |= word;
  }
  for (const char c : text) high_bits |= static_cast<unsigned char>(c);
  return (high_bits & 0x8080808080808080U) == 0;
}

class Parser {
 public:
  Parser(std::string_view text, std::size_t depth) : text_(text), depth_left_(depth) {}

  Result<Document> run() {
    if (!is_ascii(text_) && !is_valid_utf8(text_))
      return invalid_input("parse JSON", "bytes that are not UTF-8");
    Document document;
    unescaped_ = &document.unescaped;
    document.root = PLIMSOLL_TRY(value());
    skip_blanks();
    if (at_ != text_.size()) return expected("the end");
    return document;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  Failure fails(const std::string& why) const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n');  // npos + 1 is 0.
    return invalid_input("parse JSON", "line " + std::to_string(line) + ", column " +
                                           std::to_string(before.size() - start) + ": " + why);
  }
  Failure expected(const char* what) const { return fails(std::string("expected ") + what); }

  Result<Value> value() {
    skip_blanks();
    switch (peek()) {
      case '{':
        return container(Type::kObject, '}');
      case '[':
        return container(Type::kArray, ']');
      case '"': {
        Value result{.type = Type::kString};
        result.text = PLIMSOLL_TRY(string());
        return result;
      }
      case 't':
        return word("true", Value{.type = Type::kBoolean, .boolean = true});
      case 'f':
        return word("false", Value{.type = Type::kBoolean});
      case 'n':
        return word("null", Value{});
      default:
        return number();
    }
  }

  Result<Value> word(std::string_view spelt, Value meaning) {
    if (text_.substr(at_, spelt.size()) != spelt) return expected("a value");
    at_ += spelt.size();
    return meaning;
  }

  Result<Value> number() {
    const std::size_t start = at_;
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) return expected("a value");
    if (peek() == '0') {
      ++at_;  // Nothing but a fraction or an exponent may follow a leading zero.
    } else {
      skip_digits();
    }
    if (peek() == '.') {
      ++at_;
      if (!is_digit(peek())) return expected("a digit");
      skip_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return expected("a digit");
      skip_digits();
    }
    return Value{.type = Type::kNumber, .text = text_.substr(start, at_ - start)};
  }
  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  Result<Value> container(Type type, char end) {
    if (depth_left_ == 0) return fails("nested too deeply");
    --depth_left_;
    ++at_;
    Value result{.type = type};
    skip_blanks();
    if (peek() == end) {
      ++at_;
      ++depth_left_;
      return result;
    }
    for (;;) {
      Member member;
      if (type == Type::kObject) member.key = PLIMSOLL_TRY(key());
      member.value = PLIMSOLL_TRY(value());
      result.members.push_back(std::move(member));
      skip_blanks();
      const char next = peek();
      if (next != ',' && next != end)
        return expected(type == Type::kObject ? "',' or '}'" : "',' or ']'");
      ++at_;
      if (next == end) break;
    }
    ++depth_left_;
    if (type == Type::kObject) PLIMSOLL_TRY(all_different(result));
    return result;
  }

  Result<std::string_view> key() {
    skip_blanks();
    if (peek() != '"') return expected("a property's name in quotes");
    const std::string_view name = PLIMSOLL_TRY(string());
    skip_blanks();
    if (peek() != ':') return expected("':'");
    ++at_;
    return name;
  }

  Result<> all_different(const Value& object) const {
    std::vector<std::string_view> keys;
    keys.reserve(object.members.size());
    for (const Member& member : object.members) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return {};
    return fails("the object that ends here has \"" + std::string(*twice) + "\" twice");
  }

  Result<std::string_view> string() {
    const std::size_t start = ++at_;
    for (; at_ < text_.size() && text_[at_] != '\\'; ++at_) {
      if (text_[at_] == '"') return text_.substr(start, at_++ - start);
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return fails("a control character");
    }
    std::string& out = unescaped_->emplace_back(text_.substr(start, at_ - start));
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return std::string_view(out);
      if (static_cast<unsigned char>(c) < 0x20) return fails("a control character");
      if (c != '\\') {
        out += c;
        continue;
      }
      PLIMSOLL_TRY(escape(out));
    }
    return fails("a string without end");
  }

  Result<> escape(std::string& out) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    ++at_;
    if (letter == 'u') return unicode_escape(out);
    const std::size_t which = kLetters.find(letter);
    if (which == std::string_view::npos) return fails("an unknown escape");
    out += kMeanings[which];
    return {};
  }

  Result<> unicode_escape(std::string& out) {
    std::uint32_t code = PLIMSOLL_TRY(four_digits());
    if (code >= 0xDC00 && code < 0xE000) return fails("half a surrogate pair");
    if (code >= 0xD800 && code < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") return fails("half a surrogate pair");
      at_ += 2;
      const std::uint32_t low = PLIMSOLL_TRY(four_digits());
      if (low < 0xDC00 || low >= 0xE000) return fails("half a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return {};
  }

  Result<std::uint32_t> four_digits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const char lower = static_cast<char>(c | 0x20);
      if (is_digit(c)) {
        code = code * 16 + static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        code = code * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return expected("four hexadecimal digits");
      }
    }
    return code;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_left_;
  std::deque<std::string>* unescaped_ = nullptr;
};

}  // namespace

std::string_view name_of(Type type) {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "a number",
                                                "a string", "an array",  "an object"};
  return kNames[static_cast<std::size_t>(type)];
}

const Value* Value::find(std::string_view key) const {
  if (type != Type::kObject) return nullptr;
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

Result<Document> parse(std::string_view text, Bounds bounds) {
  if (text.size() > bounds.bytes)
    return invalid_input("parse JSON",
                         "more than " + std::to_string(bounds.bytes) + " bytes of text");
  return Parser(text, bounds.depth).run();
}

void append_string(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string valid;
  if (!is_valid_utf8(text)) {
    append_valid_utf8(valid, text);
    text = valid;
  }
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace plimsoll::json
