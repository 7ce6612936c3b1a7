#include "agent/top/draw.h"

#include <algorithm>

#include "agent/top/draw_parts.h"
#include "agent/top/help.h"

namespace plimsoll::agent::top {

namespace {

void draw_too_small(Grid& grid) {
  grid.put(0, 0, "too small");
  grid.put(1, 0,
           std::to_string(kSmallest.columns) + "x" + std::to_string(kSmallest.lines) + " at least");
}

// The lines of a text that are in sight, from `line` on.
void draw_text(Grid& grid, std::size_t line, std::size_t height, std::span<const std::string> lines,
               std::size_t first) {
  for (std::size_t i = 0; i < height && first + i < lines.size(); ++i) {
    const std::string& text = lines[first + i];
    const bool warning = text.starts_with("! ");
    grid.put(line + i, 0, text, {.tone = warning ? Tone::kWarning : Tone::kPlain});
  }
}

std::string place_of(std::size_t first, std::size_t height, std::size_t count) {
  if (count <= height) return "";
  return std::to_string(first + 1) + "-" + std::to_string(std::min(count, first + height)) +
         " of " + std::to_string(count);
}

struct LimitPage {
  std::string_view state;
  Style style;
};

LimitPage limit_page(LimitStage stage) {
  switch (stage) {
    case LimitStage::kReading:
      return {"asking the engine ...", {}};
    case LimitStage::kTyping:
      return {"now", {}};
    case LimitStage::kPlanning:
      return {"planning ...", {}};
    case LimitStage::kAsking:
      return {"plan: nothing is set yet", {.tone = Tone::kWarning, .bold = true}};
    case LimitStage::kSetting:
      return {"setting ...", {.tone = Tone::kWarning}};
    case LimitStage::kDone:
      return {"done; as read back", {.tone = Tone::kGood, .bold = true}};
    case LimitStage::kFailed:
      break;
  }
  return {"failed", {.tone = Tone::kAlarm, .bold = true}};
}

}  // namespace

Style style_of(Level level) {
  if (level == Level::kAlarm) return {.tone = Tone::kAlarm, .bold = true};
  if (level == Level::kWarning) return {.tone = Tone::kWarning, .bold = true};
  return {.tone = level == Level::kNote ? Tone::kFaint : Tone::kPlain};
}

void draw_footer(Grid& grid, std::initializer_list<KeyHint> hints) {
  const std::size_t line = grid.size().lines - 1;
  std::size_t column = 1;
  for (const KeyHint& hint : hints) {
    const std::size_t width = width_of(hint.key) + 1 + width_of(hint.text);
    if (column + width > grid.size().columns) break;
    grid.put(line, column, hint.key, {.tone = Tone::kAccent, .bold = true});
    grid.put(line, column + width_of(hint.key) + 1, hint.text);
    column += width + 2;
  }
}

bool draw_notice(Grid& grid, const Model& model) {
  if (model.notice().empty()) return false;
  grid.put(grid.size().lines - 1, 1, model.notice(), {.tone = Tone::kWarning, .bold = true});
  return true;
}

Cursor draw_prompt(Grid& grid, std::size_t line, std::string_view sign, const Prompt& prompt,
                   std::string_view hint, Style hint_style) {
  const std::size_t columns = grid.size().columns;
  const std::size_t sign_width = grid.put(line, 0, sign, kTitle);
  const std::size_t hint_width = std::min(width_of(hint), columns / 2);
  const std::size_t room = columns - std::min(columns, sign_width + hint_width + 2);
  std::string_view text = prompt.text();
  std::string_view before = text.substr(0, prompt.cursor());
  // The end is what is being typed: the beginning goes out of sight.
  while (room > 0 && width_of(before) >= room) {
    const std::size_t next = std::max<std::size_t>(1, std::min(before.size(), text.size()) / 8);
    before.remove_prefix(next);
    text.remove_prefix(next);
  }
  grid.put(line, sign_width, text, {}, room);
  grid.put_right(line, columns - hint_width - 1, hint, hint_style, hint_width);
  return {line, std::min(columns - 1, sign_width + width_of(before))};
}

void draw_title(Grid& grid, std::string_view title, std::string_view state, Style state_style) {
  const std::size_t columns = grid.size().columns;
  const std::size_t width = std::min(width_of(state), columns / 2);
  grid.put(0, 0, title, kTitle, columns - width - (width > 0 ? 1 : 0));
  grid.put_right(0, columns - width, state, state_style, width);
}

std::string state_of(const Model& model) {
  if (model.paused()) return "HELD (Space goes on)";
  if (const auto late = model.late())
    return "no sample for " + std::to_string(late->count()) + " s";
  return "";
}

void draw_help(Grid& grid, const Model& model) {
  draw_title(grid, "plimsoll top: keys", "", {});
  const auto lines = help_lines();
  const std::size_t height = grid.size().lines - 2;
  const std::size_t last = lines.size() > height ? lines.size() - height : 0;
  const std::size_t first = std::min(model.scroll().first, last);
  for (std::size_t i = 0; i < height && first + i < lines.size(); ++i)
    grid.put(1 + i, 0, lines[first + i], lines[first + i].starts_with(' ') ? Style{} : kTitle);
  draw_footer(grid, {{"q", "back"}, {"Up Down", "scroll"}});
}

void draw_logs(Grid& grid, const Model& model) {
  const std::size_t height = grid.size().lines - 2;
  const std::size_t first = std::min(model.scroll().first, model.text().size());
  draw_title(
      grid, "logs of " + model.subject_name(),
      model.asking() ? "asking the engine ..." : place_of(first, height, model.text().size()), {});
  draw_text(grid, 1, height, model.text(), first);
  if (!model.asking() && model.text().empty()) grid.put(1, 0, "it wrote nothing");
  draw_footer(grid, {{"q", "back"}, {"Up Down PgUp PgDn", "scroll"}, {"End", "newest"}});
}

std::optional<Cursor> draw_limit(Grid& grid, const Model& model) {
  const LimitPage page = limit_page(model.limit_stage());
  draw_title(grid, "limits of " + model.subject_name(), page.state, page.style);
  const std::size_t lines = grid.size().lines;
  const std::size_t height = lines - 5;
  const std::size_t first = std::min(model.scroll().first, model.text().size());
  draw_text(grid, 1, height, model.text(), first);
  grid.put_right(lines - 4, 0, place_of(first, height, model.text().size()), {.tone = Tone::kFaint},
                 grid.size().columns);
  const bool complains = !model.complaint().empty();
  switch (model.limit_stage()) {
    case LimitStage::kTyping:
      grid.put(lines - 3, 0,
               complains ? std::string_view(model.complaint())
                         : "such as memory=64M cpus=0.5 pids=100, memory=max, for=10m",
               {.tone = complains ? Tone::kAlarm : Tone::kFaint, .bold = complains});
      draw_footer(grid, {{"Enter", "plan"}, {"Esc", "leave"}, {"Up Down", "scroll"}});
      return draw_prompt(grid, lines - 2, "set: ", model.prompt(), "", {});
    case LimitStage::kAsking:
      grid.put(lines - 2, 0, "Set this? y or n", {.tone = Tone::kWarning, .bold = true});
      draw_footer(grid, {{"y", "set it"}, {"n", "no, back"}, {"Up Down", "scroll"}});
      return std::nullopt;
    case LimitStage::kDone:
      draw_footer(grid, {{"q", "back"}, {"Up Down", "scroll"}});
      return std::nullopt;
    case LimitStage::kFailed:
      if (model.limits_now().empty())
        draw_footer(grid, {{"q", "back"}, {"Up Down", "scroll"}});
      else
        draw_footer(grid, {{"Enter", "change it"}, {"q", "leave"}, {"Up Down", "scroll"}});
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

Picture draw(const Model& model, Glyphs glyphs) {
  const Size size = model.size();
  Picture picture{.grid = Grid(size, glyphs), .cursor = std::nullopt};
  if (size.lines < kSmallest.lines || size.columns < kSmallest.columns) {
    draw_too_small(picture.grid);
    return picture;
  }
  switch (model.view()) {
    case View::kList:
      picture.cursor = draw_list(picture.grid, model);
      break;
    case View::kDetail:
      draw_detail(picture.grid, model);
      break;
    case View::kHelp:
      draw_help(picture.grid, model);
      break;
    case View::kLogs:
      draw_logs(picture.grid, model);
      break;
    case View::kLimit:
      picture.cursor = draw_limit(picture.grid, model);
      break;
  }
  return picture;
}

}  // namespace plimsoll::agent::top
