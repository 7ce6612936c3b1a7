#include "agent/top/prompt.h"

#include <utility>

namespace plimsoll::agent::top {

namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string utf8_of(char32_t c) {
  const auto byte = [](char32_t value) {
    return static_cast<char>(static_cast<unsigned char>(value));
  };
  const auto tail = [&](unsigned shift) { return byte(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0U | (c >> 6U)), tail(0)};
  if (c < 0x10000) return {byte(0xE0U | (c >> 12U)), tail(6), tail(0)};
  return {byte(0xF0U | (c >> 18U)), tail(12), tail(6), tail(0)};
}

}  // namespace

void Prompt::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

std::size_t Prompt::before() const {
  std::size_t at = cursor_;
  while (at > 0 && continues(text_[at - 1])) --at;
  return at > 0 ? at - 1 : 0;
}

std::size_t Prompt::behind() const {
  if (cursor_ == text_.size()) return cursor_;
  std::size_t at = cursor_ + 1;
  while (at < text_.size() && continues(text_[at])) ++at;
  return at;
}

void Prompt::insert(char32_t character) {
  const std::string bytes = utf8_of(character);
  if (text_.size() + bytes.size() > kMost) return;
  text_.insert(cursor_, bytes);
  cursor_ += bytes.size();
}

void Prompt::erase_word() {
  std::size_t from = cursor_;
  while (from > 0 && text_[from - 1] == ' ') --from;
  while (from > 0 && text_[from - 1] != ' ') --from;
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

bool Prompt::press(const Key& key) {
  switch (key.kind) {
    case KeyKind::kBackspace: {
      const std::size_t from = before();
      text_.erase(from, cursor_ - from);
      cursor_ = from;
      return true;
    }
    case KeyKind::kDelete:
      text_.erase(cursor_, behind() - cursor_);
      return true;
    case KeyKind::kLeft:
      cursor_ = before();
      return true;
    case KeyKind::kRight:
      cursor_ = behind();
      return true;
    case KeyKind::kHome:
      cursor_ = 0;
      return true;
    case KeyKind::kEnd:
      cursor_ = text_.size();
      return true;
    case KeyKind::kCharacter:
      break;
    default:
      return false;
  }
  const char32_t c = key.character;
  if (c == control('a')) {
    cursor_ = 0;
  } else if (c == control('e')) {
    cursor_ = text_.size();
  } else if (c == control('u')) {
    text_.erase(0, cursor_);
    cursor_ = 0;
  } else if (c == control('w')) {
    erase_word();
  } else if (c >= 0x20 && c != 0x7F && c <= 0x10FFFF) {
    insert(c);
  } else {
    return false;
  }
  return true;
}

}  // namespace plimsoll::agent::top
