#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "agent/stats/fields.h"
#include "agent/stats/units.h"
#include "agent/top/draw_parts.h"
#include "agent/top/figures.h"
#include "agent/top/judge.h"

namespace plimsoll::agent::top {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLabel = 12;
constexpr std::size_t kFigures = 26;  // "now 100.5   most 1205.0"

std::string as_percent(double part) {
  const std::string text = short_percent(100 * part);
  return text == "-" ? text : text + "%";
}
std::string as_rate(double bytes) {
  const std::string text = short_bytes(bytes);
  return text == "-" ? text : text + "/s";
}

struct Chart {
  std::string_view label;
  PointValue value;
  std::string (*text)(double value);
  double least;       // The full height means at least this.
  double most = NAN;  // And at most this: of shares of time.
};
constexpr auto kCharts = std::to_array<Chart>({
    {"CPU", &Point::cpu, as_percent, 0.1},
    {"throttled", &Point::throttled, as_percent, 0.25, 1},
    {"memory", &Point::memory, short_bytes, 1},
    {"stall mem", &Point::psi_memory, as_percent, 0.1, 1},
    {"stall io", &Point::psi_io, as_percent, 0.1, 1},
    {"stall cpu", &Point::psi_cpu, as_percent, 0.1, 1},
    {"read", &Point::read, as_rate, 4096},
    {"write", &Point::write, as_rate, 4096},
    {"received", &Point::net_rx, as_rate, 1024},
    {"sent", &Point::net_tx, as_rate, 1024},
});

// Where the full height stands for the limit, since that is what matters; nothing without one.
double limit_of(const StatsRow& row, PointValue value) {
  if (value == &Point::cpu && row.cpu_limit && !row.cpu_limit->is_none())
    return row.cpu_limit->value();
  if (value == &Point::memory && row.memory_limit && !row.memory_limit->is_none())
    return static_cast<double>(row.memory_limit->value());
  return kNone;
}

// Twice as many as soon as the series no longer fits.
std::size_t samples_in_a_bar(std::size_t samples, std::size_t width) {
  std::size_t together = 1;
  while (width > 0 && samples > width * together) together *= 2;
  return together;
}

void draw_chart(Grid& grid, std::size_t line, const Chart& chart, const Entry& entry) {
  const std::vector<double> series = entry.series(chart.value);
  double most = kNone;
  for (const double one : series) most = std::fmax(most, one);
  const std::size_t columns = grid.size().columns;
  const std::size_t width = columns > kLabel + kFigures ? columns - kLabel - kFigures : 0;
  const std::size_t together = samples_in_a_bar(series.size(), width);
  const double limit = limit_of(entry.row, chart.value);
  // Without a limit the most there was is no full bar: nothing is full.
  const double wanted = std::fmin(std::fmax(most * 4 / 3, chart.least), chart.most);
  const double top = std::isnan(limit) ? wanted : limit;
  const auto bars = squeeze(series, entry.first, together, width);
  grid.put(line, 0, chart.label, {.tone = Tone::kAccent}, kLabel - 1);
  grid.put(line, kLabel, sparkline(bars, top, width, grid.glyphs()));
  const std::size_t figures = columns - std::min(columns, kFigures);
  grid.put_right(line, figures, chart.text(series.back()), kTitle, 10);
  if (!std::isnan(most)) grid.put_right(line, figures + 10, "most " + chart.text(most), {}, 15);
}

std::string limits_of(const StatsRow& row) {
  std::string out;
  const auto add = [&](std::string_view name, const std::string& value) {
    out += (out.empty() ? "" : "   ") + std::string(name) + " " + value;
  };
  if (row.cpu_limit)
    add("cpus", row.cpu_limit->is_none() ? "unlimited" : shortest(row.cpu_limit->value()));
  if (row.memory_limit)
    add("memory", row.memory_limit->is_none()
                      ? "unlimited"
                      : short_bytes(static_cast<double>(row.memory_limit->value())));
  if (row.pids_limit)
    add("pids", row.pids_limit->is_none() ? "unlimited" : std::to_string(row.pids_limit->value()));
  return out.empty() ? "not known here" : out;
}

std::string counters_of(const StatsRow& row) {
  std::string out;
  if (row.pids) out = std::to_string(*row.pids) + " processes and threads";
  if (row.oom_kills)
    out +=
        (out.empty() ? "" : ", ") + std::to_string(*row.oom_kills) + " killed for lack of memory";
  return out.empty() ? "-" : out;
}

std::string owner_of(const StatsRow& row) {
  std::string out = row.runtime;
  if (!row.image.empty()) out += "  image " + row.image;
  if (!row.compose_project.empty())
    out += "  project " + row.compose_project + "/" + row.compose_service;
  if (!row.pod_name.empty())
    out += "  pod " + row.pod_namespace + "/" + row.pod_name + " " + row.pod_container;
  return out;
}

void draw_fact(Grid& grid, std::size_t line, std::string_view label, const std::string& text) {
  grid.put(line, 0, label, {.tone = Tone::kAccent}, kLabel - 1);
  grid.put(line, kLabel, text);
}

// Returns the first line below.
std::size_t draw_reasons(Grid& grid, std::size_t line, const Entry& entry) {
  constexpr std::size_t kMost = 4;
  std::size_t shown = 0;
  for (const Reason& reason : entry.reasons) {
    if (shown == kMost) break;
    grid.put(line, 0, mark_of(reason.level), style_of(reason.level));
    grid.put(line, 3, reason.sentence, style_of(reason.level));
    ++line;
    ++shown;
  }
  if (shown == 0) {
    grid.put(line, 3, "nothing near a limit", {.tone = Tone::kGood});
    ++line;
  }
  return line;
}

// "a bar is 8 s"
std::string scale_text(const Model& model, const Entry& entry, std::size_t width) {
  const auto bar = model.options().interval * samples_in_a_bar(entry.points.size(), width);
  return "a bar is " + shortest(std::chrono::duration<double>(bar).count()) + " s";
}

}  // namespace

void draw_detail(Grid& grid, const Model& model) {
  draw_title(grid, model.subject_name(), state_of(model), {.tone = Tone::kWarning, .bold = true});
  const KeyHint back{"q", "back"};
  const Entry* entry = model.subject();
  if (entry == nullptr) {
    grid.put(2, 3, "it has gone", {.tone = Tone::kWarning, .bold = true});
    draw_footer(grid, {back});
    return;
  }
  const StatsRow& row = entry->row;
  std::size_t line = draw_reasons(grid, 1, *entry);
  draw_fact(grid, line++, "id",
            row.is_container ? short_id(row.id) + "  " + owner_of(row) : owner_of(row));
  draw_fact(grid, line++, "cgroup", row.cgroup);
  draw_fact(grid, line++, "limits", limits_of(row));
  draw_fact(grid, line++, "holds", counters_of(row));
  const std::size_t columns = grid.size().columns;
  if (columns > kLabel + kFigures)
    grid.put_right(line, kLabel, scale_text(model, *entry, columns - kLabel - kFigures),
                   {.tone = Tone::kFaint}, columns - kLabel - kFigures);
  grid.put_right(line++, columns - kFigures, "now", {.tone = Tone::kFaint}, 10);
  for (const Chart& chart : kCharts) {
    if (line + 1 >= grid.size().lines) break;
    draw_chart(grid, line++, chart, *entry);
  }
  if (draw_notice(grid, model)) return;
  draw_footer(grid, {back, {"l", "logs"}, {"e", "limits"}, {"Space", "hold"}, {"?", "help"}});
}

}  // namespace plimsoll::agent::top
