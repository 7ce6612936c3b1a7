// One line of text being typed. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "agent/top/key.h"

namespace plimsoll::agent::top {

class Prompt {
 public:
  // Takes printable characters, Backspace, Delete, arrows, Home, End, ^A ^E ^U ^W. Returns whether
  // the key was one of them.
  bool press(const Key& key);
  void set(std::string text);
  void clear() { set({}); }

  [[nodiscard]] const std::string& text() const { return text_; }  // UTF-8
  [[nodiscard]] std::size_t cursor() const { return cursor_; }     // Bytes before it.

  static constexpr std::size_t kMost = 256;  // Bytes.

 private:
  void insert(char32_t character);
  void erase_word();
  [[nodiscard]] std::size_t before() const;  // Where the character before the cursor begins.
  [[nodiscard]] std::size_t behind() const;  // Where the one at the cursor ends.

  std::string text_;
  std::size_t cursor_ = 0;
};

}  // namespace plimsoll::agent::top
