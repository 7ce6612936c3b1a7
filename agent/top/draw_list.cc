#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "agent/top/draw_parts.h"
#include "agent/top/figures.h"
#include "agent/top/judge.h"

namespace plimsoll::agent::top {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBars = 8;

double both(const Entry& entry, PointValue a, PointValue b) {
  return static_cast<double>(sum(entry.now().*a, entry.now().*b));
}

std::string bars_of(const Entry& entry, PointValue value, double limit, double least,
                    Glyphs glyphs) {
  std::vector<double> series = entry.series(value);
  if (series.size() > kBars)
    series.erase(series.begin(), series.end() - static_cast<std::ptrdiff_t>(kBars));
  double top = least;
  for (const double one : series) top = std::fmax(top, one);
  return sparkline(series, std::isnan(limit) ? top : limit, kBars, glyphs);
}

template <class T>
double limit_of(const std::optional<Limit<T>>& limit) {
  return limit && !limit->is_none() ? static_cast<double>(limit->value()) : kNone;
}

// "45i": the worst stall, and of what.
std::string stall_text(const Entry& entry) {
  struct Kind {
    PointValue value;
    char letter;
  };
  constexpr std::array<Kind, 3> kKinds = {
      {{&Point::psi_memory, 'm'}, {&Point::psi_io, 'i'}, {&Point::psi_cpu, 'c'}}};
  const Kind* worst = nullptr;
  for (const Kind& kind : kKinds) {
    const float value = entry.now().*kind.value;
    if (!std::isnan(value) && (worst == nullptr || value > entry.now().*worst->value))
      worst = &kind;
  }
  if (worst == nullptr) return "-";
  const long percent = std::lround(100 * static_cast<double>(entry.now().*worst->value));
  return percent == 0 ? "0" : std::to_string(percent) + worst->letter;
}

double percent(const std::optional<double>& part) {
  return part ? 100 * *part : kNone;
}

struct Column {
  std::string_view sort_key;
  std::string_view title;
  std::size_t width;
  std::string (*text)(const Entry& entry, Glyphs glyphs);
};

// In the order of the screen.
constexpr auto kColumns = std::to_array<Column>({
    {"cpu", "CPU%", 5,
     [](const Entry& e, Glyphs) { return short_percent(percent(e.row.cpu_cores)); }},
    {"", "cpu", kBars,
     [](const Entry& e, Glyphs glyphs) {
       return bars_of(e, &Point::cpu, limit_of(e.row.cpu_limit), 1, glyphs);
     }},
    {"mem", "MEM", 5,
     [](const Entry& e, Glyphs) {
       return short_bytes(e.row.memory ? static_cast<double>(*e.row.memory) : kNone);
     }},
    {"", "mem", kBars,
     [](const Entry& e, Glyphs glyphs) {
       // As MEM% has it: a full bar is a full container, or a full machine.
       const auto limit = effective_memory_limit(e.row);
       return bars_of(e, &Point::memory, limit ? static_cast<double>(*limit) : kNone, 1, glyphs);
     }},
    {"", "LIMIT", 5,
     [](const Entry& e, Glyphs) { return short_bytes(limit_of(e.row.memory_limit)); }},
    {"mem%", "MEM%", 5,
     [](const Entry& e, Glyphs) { return short_percent(memory_percent(e.row).value_or(kNone)); }},
    {"net", "NET/s", 5,
     [](const Entry& e, Glyphs) { return short_bytes(both(e, &Point::net_rx, &Point::net_tx)); }},
    {"io", "IO/s", 5,
     [](const Entry& e, Glyphs) { return short_bytes(both(e, &Point::read, &Point::write)); }},
    {"psi", "PSI", 4, [](const Entry& e, Glyphs) { return stall_text(e); }},
    {"throttled", "THR%", 5,
     [](const Entry& e, Glyphs) {
       return short_percent(100 * static_cast<double>(e.now().throttled));
     }},
    {"pids", "PIDS", 5,
     [](const Entry& e, Glyphs) { return e.row.pids ? std::to_string(*e.row.pids) : "-"; }},
});
// Which of them a window has room for: the first ones always, the others one by one.
constexpr std::array<std::size_t, 11> kByNeed = {0, 2, 5, 1, 8, 6, 7, 4, 3, 9, 10};
constexpr std::size_t kAlways = 3;
constexpr std::size_t kMarks = 3;  // The selection's sign and the mark.
constexpr std::size_t kNameLeast = 16;
constexpr std::size_t kNameMost = 44;
constexpr std::size_t kWhyLeast = 14;

struct Layout {
  std::vector<const Column*> columns;
  std::size_t name = kNameLeast;
  std::size_t why = 0;  // 0: no room for it.
};

Layout layout_for(std::size_t width) {
  std::size_t left = width - std::min(width, kMarks + 1 + kNameLeast);
  std::array<bool, kColumns.size()> taken{};
  for (std::size_t i = 0; i < kByNeed.size(); ++i) {
    const std::size_t need = kColumns[kByNeed[i]].width + 1;
    const std::size_t keep = i < kAlways ? 0 : kWhyLeast + 1;
    if (left < need + keep) break;
    taken[kByNeed[i]] = true;
    left -= need;
  }
  Layout layout;
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    if (taken[i]) layout.columns.push_back(&kColumns[i]);
  if (left > kWhyLeast) {
    const std::size_t spare = left - kWhyLeast - 1;
    const std::size_t wider = std::min(kNameMost - kNameLeast, spare / 2);
    layout.name += wider;
    layout.why = kWhyLeast + spare - wider;
  } else {
    layout.name += left;
  }
  return layout;
}

void draw_heads(Grid& grid, const Model& model, const Layout& layout) {
  constexpr std::size_t kLine = Model::kListLine - 1;
  const SortColumn& by = sort_columns()[model.options().list.sort];
  const std::string_view arrow = model.options().list.reversed ? "^" : "v";
  std::size_t column = kMarks + 1;
  grid.put(kLine, column, by.key == "name" ? "NAME " + std::string(arrow) : "NAME", kBar);
  column += layout.name;
  for (const Column* one : layout.columns) {
    ++column;
    const std::string title =
        (one->sort_key == by.key ? std::string(arrow) : std::string()) + std::string(one->title);
    // The arrow may stand in the gap.
    grid.put_right(kLine, column - 1, title, kBar, one->width + 1);
    column += one->width;
  }
  if (layout.why > 0)
    grid.put(kLine, column + 1, by.key == "state" ? "WHY " + std::string(arrow) : "WHY", kBar);
  grid.paint(kLine, kBar);
}

void draw_line(Grid& grid, std::size_t at, const Line& line, bool selected, const Layout& layout) {
  const Entry& entry = line.shown();
  const Level level = entry.level();
  const Style style{.bold = line.group};
  if (selected) grid.put(at, 0, ">", kTitle);
  grid.put(at, 1, mark_of(level), style_of(level));
  std::string label(std::min<std::size_t>(2 * line.depth, layout.name / 2), ' ');
  if (line.group) label += line.folded ? "+ " : "- ";
  const std::size_t room = layout.name - std::min(layout.name, label.size());
  label += line.label.starts_with('/') ? last_columns(line.label, room, grid.glyphs()) : line.label;
  Style name = style;
  if (level >= Level::kWarning) name = style_of(level);
  std::size_t column = kMarks + 1;
  grid.put(at, column, label, name, layout.name);
  column += layout.name;
  for (const Column* one : layout.columns) {
    grid.put_right(at, column + 1, one->text(entry, grid.glyphs()), style, one->width);
    column += one->width + 1;
  }
  if (layout.why > 0)
    grid.put(at, column + 1, marks_of(entry.reasons), style_of(level), layout.why);
  if (selected) grid.paint(at, {.bold = level >= Level::kWarning, .reverse = true});
}

std::string clock_text(WallTime time) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count() % 86400;
  const auto two = [](long long value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60) + "Z";
}

std::string title_of(const Model& model) {
  const Tally& tally = model.tally();
  const StatsRow& total = tally.total.row;
  const bool all = model.options().list.visibility == Visibility::kAllCgroups;
  std::string title = "plimsoll top  " + model.options().host + "  " +
                      clock_text(model.history().time()) + "  " + std::to_string(tally.visible) +
                      (all                  ? " cgroups"
                       : tally.visible == 1 ? " container"
                                            : " containers");
  if (total.cpu_cores) title += "  CPU " + short_percent(100 * *total.cpu_cores) + "%";
  if (total.memory) title += "  MEM " + short_bytes(static_cast<double>(*total.memory));
  if (total.memory && !model.lines().empty() && model.lines().front().shown().row.machine_memory)
    title += " of " +
             short_bytes(static_cast<double>(*model.lines().front().shown().row.machine_memory));
  return title;
}

std::string counted(std::size_t count, std::string_view word) {
  return std::to_string(count) + " " + std::string(word) + (count == 1 ? "" : "s");
}

void draw_summary(Grid& grid, const Model& model) {
  const ListOptions& list = model.options().list;
  std::string how = "sort " + std::string(sort_columns()[list.sort].key);
  if (list.tree != Tree::kFlat) how += ", " + std::string(name_of(list.tree));
  if (!model.options().filter.empty()) how += ", /" + model.options().filter;
  const std::size_t columns = grid.size().columns;
  const std::size_t width = std::min(width_of(how), columns / 2);
  grid.put_right(1, columns - width, how, {.tone = Tone::kAccent}, width);
  const std::size_t room = columns - width - 1;
  if (!model.note().empty()) {
    grid.put(1, 0, model.note(), {.tone = Tone::kWarning, .bold = true}, room);
    return;
  }
  const Tally& tally = model.tally();
  if (tally.worst.empty()) {
    grid.put(1, 0, "nothing near a limit", {.tone = Tone::kGood}, room);
    return;
  }
  std::string text;
  if (tally.alarms > 0) text = counted(tally.alarms, "alarm");
  if (tally.warnings > 0) text += (text.empty() ? "" : ", ") + counted(tally.warnings, "warning");
  std::string_view gap = ": ";
  for (const Entry* entry : tally.worst) {
    text += std::string(gap) + entry->row.name + " " + entry->reasons.front().mark;
    gap = ", ";
  }
  grid.put(1, 0, text, style_of(tally.worst.front()->level()), room);
}

void draw_emptiness(Grid& grid, const Model& model) {
  std::string text = "no container runs here; a shows services and slices, too";
  if (!model.options().filter.empty())
    text = "nothing matches " + model.options().filter + "; Esc ends the search";
  else if (model.options().list.visibility == Visibility::kAllCgroups)
    text = "no cgroup to be seen";
  if (model.history().empty()) text = "waiting for the first sample";
  grid.put(Model::kListLine + 1, kMarks + 1, text);
}

}  // namespace

std::optional<Cursor> draw_list(Grid& grid, const Model& model) {
  const Size size = grid.size();
  draw_title(grid, title_of(model), state_of(model), {.tone = Tone::kWarning, .bold = true});
  draw_summary(grid, model);
  const Layout layout = layout_for(size.columns);
  draw_heads(grid, model, layout);
  const std::size_t height = size.lines - Model::kFrameLines;
  const auto& lines = model.lines();
  for (std::size_t i = 0; i < height && model.top_line() + i < lines.size(); ++i) {
    const std::size_t index = model.top_line() + i;
    draw_line(grid, Model::kListLine + i, lines[index], index == model.selected(), layout);
  }
  if (lines.empty()) draw_emptiness(grid, model);
  if (model.typing_filter()) {
    const bool wrong = !model.complaint().empty();
    return draw_prompt(grid, size.lines - 1, "/", model.prompt(),
                       wrong ? std::string_view(model.complaint()) : "Enter keeps it, Esc ends it",
                       {.tone = wrong ? Tone::kAlarm : Tone::kFaint});
  }
  if (draw_notice(grid, model)) return std::nullopt;
  draw_footer(grid, {{"?", "help"},
                     {"q", "quit"},
                     {"/", "search"},
                     {"s", "sort"},
                     {"t", "tree"},
                     {"Enter", "charts"},
                     {"l", "logs"},
                     {"e", "limits"},
                     {"Space", "hold"},
                     {"a", "all"}});
  return std::nullopt;
}

}  // namespace plimsoll::agent::top
