// What is on the screen, cell by cell, before any terminal has seen it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::agent::top {

// What the terminal can show.
enum class Glyphs : std::uint8_t { kUtf8, kAscii };

// What a text means; a terminal without colours shows it by bold and reverse only, so a tone never
// says anything that no character says.
enum class Tone : std::uint8_t { kPlain, kFaint, kGood, kAccent, kWarning, kAlarm };

struct Style {
  Tone tone = Tone::kPlain;
  bool bold = false;
  bool reverse = false;
  bool operator==(const Style&) const = default;
};

struct Size {
  std::size_t lines = 24;
  std::size_t columns = 80;
  bool operator==(const Size&) const = default;
};

struct Cell {
  std::string glyph = " ";  // UTF-8, marks included. Empty: the right half of a wide one.
  Style style;
};

// Columns that `text` takes in a Grid, control characters replaced.
[[nodiscard]] std::size_t width_of(std::string_view text);

// How many bytes of `text`, which is UTF-8, fit in so many columns; at least one character.
[[nodiscard]] std::size_t bytes_within(std::string_view text, std::size_t width);
// `text` cut to so many columns from its front, visibly: of a path the end says most.
[[nodiscard]] std::string last_columns(std::string_view text, std::size_t width, Glyphs glyphs);

class Grid {
 public:
  Grid(Size size, Glyphs glyphs);

  // Writes `text` there and cuts it, visibly, behind `width` columns or the end of the line. Names
  // are others' words: what could drive a terminal, turn the direction of writing or is no UTF-8
  // becomes '?'; with kAscii all that is not ASCII. Returns the columns taken. Outside: nothing.
  std::size_t put(std::size_t line, std::size_t column, std::string_view text, Style style = {},
                  std::size_t width = static_cast<std::size_t>(-1));
  // The same with its end at `column` + `width`.
  void put_right(std::size_t line, std::size_t column, std::string_view text, Style style,
                 std::size_t width);
  // The style of a whole line, characters kept.
  void paint(std::size_t line, Style style);

  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] Glyphs glyphs() const { return glyphs_; }
  [[nodiscard]] const Cell& at(std::size_t line, std::size_t column) const {
    return cells_[line * size_.columns + column];
  }
  // Lines without trailing blanks, each with '\n'.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string line_text(std::size_t line) const;

 private:
  Cell& cell(std::size_t line, std::size_t column) { return cells_[line * size_.columns + column]; }

  Size size_;
  Glyphs glyphs_;
  std::vector<Cell> cells_;
};

}  // namespace plimsoll::agent::top
