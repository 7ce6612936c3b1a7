// What was pressed, clicked or turned, whatever the terminal sent for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plimsoll::agent::top {

enum class KeyKind : std::uint8_t {
  kCharacter,
  kEnter,
  kEscape,
  kBackspace,
  kDelete,
  kUp,
  kDown,
  kLeft,
  kRight,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kHelp,         // F1
  kClick,        // On `line` of the screen.
  kDoubleClick,  // Likewise.
  kWheelUp,
  kWheelDown,
  kOther
};

struct Key {
  KeyKind kind = KeyKind::kOther;
  char32_t character = 0;  // Of kCharacter: printable, or a control character such as ^L.
  std::size_t line = 0;    // Of clicks.
};

[[nodiscard]] constexpr char32_t control(char letter) {
  return static_cast<char32_t>(letter) & 0x1FU;
}

}  // namespace plimsoll::agent::top
