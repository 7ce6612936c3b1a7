#include "agent/stats/template_lexer.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/number.h"

namespace plimsoll::agent {

namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Docker replaces \t and \n anywhere in the format before Go sees it.
std::string undo_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 't' || next == 'n')) {
      out += next == 't' ? '\t' : '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {}

  Result<std::vector<Token>> run() {
    while (at_ < text_.size()) {
      const std::size_t open = std::min(text_.find("{{", at_), text_.size());
      push_text(text_.substr(at_, open - at_), open);
      at_ = open;
      if (at_ < text_.size()) PLIMSOLL_TRY(action());
    }
    push(TokenKind::kEnd, "", at_);
    return std::move(tokens_);
  }

 private:
  void push(TokenKind kind, std::string text, std::size_t at) {
    tokens_.push_back({kind, std::move(text), at + offset_});
  }

  // The text before `open`: "{{- " eats the blanks before it, " -}}" those after it.
  void push_text(std::string_view text, std::size_t open) {
    const std::size_t start = at_;
    if (trim_next_)
      while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    trim_next_ = false;
    if (starts_trim(open + 2))
      while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    if (!text.empty()) push(TokenKind::kText, undo_escapes(text), start);
  }

  [[nodiscard]] bool starts_trim(std::size_t at) const {
    return at + 1 < text_.size() && text_[at] == '-' && is_space(text_[at + 1]);
  }

  // At "{{": everything up to and with "}}".
  Result<> action() {
    const std::size_t open = at_;
    at_ += 2;
    if (starts_trim(at_)) ++at_;
    if (text_.substr(skip_space(at_)).starts_with("/*")) return comment(open);
    push(TokenKind::kOpen, "{{", open);
    for (;;) {
      at_ = skip_space(at_);
      if (at_ >= text_.size()) return template_error(open + offset_, "this {{ has no }}");
      if (closes()) {
        push(TokenKind::kClose, "}}", at_);
        at_ += 2;
        return {};
      }
      PLIMSOLL_TRY(token());
    }
  }

  // Steps over the '-' of " -}}"; true at "}}".
  bool closes() {
    const bool trims = text_.substr(at_).starts_with("-}}") && at_ > 0 && is_space(text_[at_ - 1]);
    if (trims) {
      trim_next_ = true;
      ++at_;
    }
    return text_.substr(at_).starts_with("}}");
  }

  Result<> comment(std::size_t open) {
    const std::size_t end = text_.find("*/", at_);
    if (end == std::string_view::npos)
      return template_error(open + offset_, "this comment has no */");
    at_ = skip_space(end + 2);
    if (!closes())
      return template_error(at_ + offset_, "a comment stands alone: }} must follow its */");
    at_ += 2;
    return {};
  }

  [[nodiscard]] std::size_t skip_space(std::size_t at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at;
  }

  [[nodiscard]] std::string take_word(std::size_t from) {
    std::size_t end = from;
    while (end < text_.size() && is_word(text_[end])) ++end;
    at_ = end;
    return std::string(text_.substr(from, end - from));
  }

  Result<> token() {
    const std::size_t start = at_;
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '|' || c == '(' || c == ')') {
      ++at_;
      push(c == '|'   ? TokenKind::kPipe
           : c == '(' ? TokenKind::kLeft
                      : TokenKind::kRight,
           {c}, start);
      return {};
    }
    if (c == '"' || c == '`') return quoted(c);
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (digit || (c == '-' && std::isdigit(static_cast<unsigned char>(next)) != 0)) return number();
    if (c == '.') {
      push(TokenKind::kField, take_word(at_ + 1), start);
      if (at_ < text_.size() && text_[at_] == '.')
        return template_error(at_ + offset_, "fields have no fields of their own");
      return {};
    }
    if (is_word(c)) {
      push(TokenKind::kWord, take_word(at_), start);
      return {};
    }
    if (c == '$') return template_error(start + offset_, "variables ($x) are not offered here");
    const bool visible = c > 0x20 && c < 0x7F;
    return template_error(start + offset_, visible ? std::string("unexpected '") + c + "'"
                                                   : std::string("unexpected byte"));
  }

  Result<> number() {
    const std::size_t start = at_;
    std::size_t end = at_ + 1;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
    const std::string_view word = text_.substr(start, end - start);
    if (!to_double(word)) return template_error(start + offset_, "this number does not parse");
    at_ = end;
    push(TokenKind::kNumber, std::string(word), start);
    return {};
  }

  // "..." with Go's common escapes, or `...` taken as it is.
  Result<> quoted(char quote) {
    const std::size_t start = at_++;
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        push(TokenKind::kString, std::move(out), start);
        return {};
      }
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        const auto plain = unescape(text_[++at_]);
        if (!plain) return template_error(at_ - 1 + offset_, "unknown escape in this string");
        c = *plain;
      }
      out += c;
    }
    return template_error(start + offset_, "this string is not closed");
  }

  static std::optional<char> unescape(char c) {
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case '"':
      case '\\':
        return c;
      default:
        return std::nullopt;
    }
  }

  std::string_view text_;
  std::size_t offset_;
  std::size_t at_ = 0;
  bool trim_next_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

Failure template_error(std::size_t at, std::string_view what) {
  return invalid_input("--format", "column " + std::to_string(at + 1) + ": " + std::string(what));
}

Result<std::vector<Token>> lex_template(std::string_view text, std::size_t offset) {
  return Lexer(text, offset).run();
}

}  // namespace plimsoll::agent
