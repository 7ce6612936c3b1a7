#include "agent/top/grid.h"

#include <algorithm>

#include "agent/stats/units.h"
#include "base/text.h"

namespace plimsoll::agent::top {

namespace {

struct Glyph {
  std::string_view bytes;
  std::size_t width = 1;
};

// Of valid UTF-8, not empty.
struct Decoded {
  char32_t value;
  std::size_t length;
};
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  char32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6U | (byte(i) & 0x3FU);
  return {value, length};
}

bool is_between(char32_t c, char32_t low, char32_t high) {
  return c >= low && c <= high;
}

// Controls of the terminal, of the direction of writing, and what nobody sees.
bool is_unsafe(char32_t c) {
  return c < 0x20 || is_between(c, 0x7F, 0x9F) || c == 0xAD || c == 0x61C ||
         is_between(c, 0x200B, 0x200F) || is_between(c, 0x2028, 0x202E) ||
         is_between(c, 0x2060, 0x206F) || c == 0xFEFF || is_between(c, 0xFFF9, 0xFFFB) ||
         is_between(c, 0xE0000, 0xE0FFF);
}
bool is_mark(char32_t c) {
  return is_between(c, 0x300, 0x36F);
}
bool is_selector(char32_t c) {
  return is_between(c, 0xFE00, 0xFE0F);
}

// `visit(glyph)` for each character with a width, `visit` of a mark with width 0.
template <class Visit>
void each_glyph(std::string_view text, Glyphs glyphs, Visit visit) {
  std::string valid;
  append_valid_utf8(valid, text);
  for (std::string_view rest = valid; !rest.empty();) {
    const Decoded one = decode(rest);
    const std::string_view bytes = rest.substr(0, one.length);
    rest.remove_prefix(one.length);
    if (is_selector(one.value)) continue;
    const bool replaced = is_unsafe(one.value) || (glyphs == Glyphs::kAscii && one.value > 0x7E);
    if (is_mark(one.value) && glyphs == Glyphs::kAscii) continue;
    if (!visit(replaced ? Glyph{"?", 1} : Glyph{bytes, display_width(bytes)})) return;
  }
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  each_glyph(text, Glyphs::kUtf8, [&](const Glyph& glyph) {
    width += glyph.width;
    return true;
  });
  return width;
}

std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const std::size_t length = std::min(decode(text.substr(bytes)).length, text.size() - bytes);
    used += width_of(text.substr(bytes, length));
    if (used > width && bytes > 0) break;
    bytes += length;
  }
  return bytes;
}

std::string last_columns(std::string_view text, std::size_t width, Glyphs glyphs) {
  if (width == 0 || width_of(text) <= width) return std::string(width == 0 ? "" : text);
  std::string valid;
  append_valid_utf8(valid, text);
  std::string_view rest = valid;
  while (!rest.empty() && width_of(rest) >= width) rest.remove_prefix(decode(rest).length);
  return (glyphs == Glyphs::kUtf8 ? "…" : "~") + std::string(rest);
}

Grid::Grid(Size size, Glyphs glyphs)
    : size_(size), glyphs_(glyphs), cells_(size.lines * size.columns) {}

std::size_t Grid::put(std::size_t line, std::size_t column, std::string_view text, Style style,
                      std::size_t width) {
  if (line >= size_.lines || column >= size_.columns) return 0;
  const std::size_t room = std::min(width, size_.columns - column);
  if (room == 0) return 0;
  const bool too_long = width_of(text) > room;
  const std::size_t most = too_long ? room - 1 : room;
  constexpr std::size_t kMarks = 8;  // Bytes; somebody stacks them by the hundred.
  std::size_t used = 0;
  each_glyph(text, glyphs_, [&](const Glyph& glyph) {
    if (glyph.width == 0) {
      if (used > 0 && cell(line, column + used - 1).glyph.size() < kMarks)
        cell(line, column + used - 1).glyph += glyph.bytes;
      return true;
    }
    if (used + glyph.width > most) return false;
    cell(line, column + used) = {std::string(glyph.bytes), style};
    if (glyph.width == 2) cell(line, column + used + 1) = {"", style};
    used += glyph.width;
    return true;
  });
  if (!too_long) return used;
  cell(line, column + used) = {glyphs_ == Glyphs::kUtf8 ? "…" : "~", style};
  return used + 1;
}

void Grid::put_right(std::size_t line, std::size_t column, std::string_view text, Style style,
                     std::size_t width) {
  const std::size_t taken = std::min(width_of(text), width);
  put(line, column + width - taken, text, style, taken);
}

void Grid::paint(std::size_t line, Style style) {
  if (line >= size_.lines) return;
  for (std::size_t column = 0; column < size_.columns; ++column) cell(line, column).style = style;
}

std::string Grid::line_text(std::size_t line) const {
  std::string out;
  for (std::size_t column = 0; column < size_.columns; ++column) out += at(line, column).glyph;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string Grid::text() const {
  std::string out;
  for (std::size_t line = 0; line < size_.lines; ++line) out += line_text(line) + "\n";
  return out;
}

}  // namespace plimsoll::agent::top
