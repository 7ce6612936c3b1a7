// The terminal, or what stands in for it: size, whether escapes are welcome, quiet writing.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::agent {

struct Terminal {
  bool interactive = false;  // A tty that understands escapes (TERM is not "dumb").
  std::size_t columns = 80;
  std::size_t lines = 24;
};

// What `fd` is now. Ask again before each frame: people resize.
[[nodiscard]] Terminal inspect_terminal(int fd);

enum class ColourChoice { kAuto, kAlways, kNever };
[[nodiscard]] std::optional<ColourChoice> colour_choice(std::string_view word);
// kAuto: only on an interactive terminal and only while NO_COLOR is unset or empty
// (no-color.org). `no_color` is that variable's value, null when unset.
[[nodiscard]] bool wants_colour(ColourChoice choice, const Terminal& terminal,
                                const char* no_color);

// Writes all of `text`, unbuffered. False when the reader went away (EPIPE): stop quietly.
[[nodiscard]] Result<bool> write_all(int fd, std::string_view text);

// From here on Ctrl-C ends the process at once with exit code 130. For commands that only read:
// they have nothing to put back.
void exit_on_interrupt();

}  // namespace plimsoll::agent
