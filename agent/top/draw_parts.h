// The parts of a picture; draw() puts them together.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "agent/top/draw.h"

namespace plimsoll::agent::top {

inline constexpr Style kTitle{.bold = true};
inline constexpr Style kBar{.reverse = true};

// How a text is shown that tells of this level.
[[nodiscard]] Style style_of(Level level);

// The last line: keys and what they do, as many as fit; the first ones count most.
struct KeyHint {
  std::string_view key;
  std::string_view text;
};
void draw_footer(Grid& grid, std::initializer_list<KeyHint> hints);
// The last line when a key did nothing: why. False: there is nothing to say.
[[nodiscard]] bool draw_notice(Grid& grid, const Model& model);
// The last line while somebody types: `sign`, the text with the cursor in sight, and on the right
// what is wrong or can be done.
[[nodiscard]] Cursor draw_prompt(Grid& grid, std::size_t line, std::string_view sign,
                                 const Prompt& prompt, std::string_view hint, Style hint_style);
// The first line: a title on the left, a state on the right.
void draw_title(Grid& grid, std::string_view title, std::string_view state, Style state_style);
// "held", "no sample for 12 s" or nothing.
[[nodiscard]] std::string state_of(const Model& model);

[[nodiscard]] std::optional<Cursor> draw_list(Grid& grid, const Model& model);
void draw_detail(Grid& grid, const Model& model);
void draw_help(Grid& grid, const Model& model);
void draw_logs(Grid& grid, const Model& model);
[[nodiscard]] std::optional<Cursor> draw_limit(Grid& grid, const Model& model);

}  // namespace plimsoll::agent::top
