#include "agent/stats/tabulate.h"

#include <algorithm>

#include "agent/stats/units.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

std::size_t widest_line(std::string_view text) {
  std::size_t widest = 0;
  for (std::string_view line; next_line(text, line);)
    widest = std::max(widest, display_width(line));
  return widest;
}

std::size_t widest_cell(std::span<const Cells> lines, std::size_t column) {
  std::size_t widest = 0;
  for (const Cells& cells : lines)
    if (column < cells.size()) widest = std::max(widest, display_width(cells[column]));
  return widest;
}

std::vector<Cells> without(const std::vector<Cells>& lines, std::span<const std::size_t> columns) {
  std::vector<Cells> kept;
  for (const Cells& cells : lines) {
    Cells& line = kept.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (std::find(columns.begin(), columns.end(), i) == columns.end()) line.push_back(cells[i]);
  }
  return kept;
}

// Narrow gaps; cells cut as far as the width asks and min_shortened allows.
std::string squeezed(std::vector<Cells> lines, const FitRules& rules,
                     std::span<const std::size_t> left_out) {
  constexpr TableStyle kTight{.min_width = 0, .padding = 2};
  std::string text = tabulate(without(lines, left_out), kTight);
  for (const std::size_t column : rules.shorten) {
    const std::size_t excess = widest_line(text) - std::min(widest_line(text), rules.width);
    const std::size_t widest = widest_cell(lines, column);
    if (excess == 0 || widest <= rules.min_shortened) continue;
    const std::size_t room = std::max(rules.min_shortened, widest - std::min(widest, excess));
    for (Cells& cells : lines)
      if (column < cells.size()) cells[column] = clip(cells[column], room);
    text = tabulate(without(lines, left_out), kTight);
  }
  return text;
}

}  // namespace

std::string tabulate(std::span<const Cells> lines, const TableStyle& style) {
  // Widths of every padded cell, column by column: a run of consecutive lines shares one width.
  std::vector<std::vector<std::size_t>> widths(lines.size());
  std::size_t deepest = 0;
  for (const Cells& cells : lines) deepest = std::max(deepest, cells.size());
  for (std::size_t column = 0; column + 1 < deepest; ++column) {
    for (std::size_t line = 0; line < lines.size(); ++line) {
      const std::size_t begin = line;
      std::size_t width = style.min_width;
      for (; line < lines.size() && lines[line].size() > column + 1; ++line)
        width = std::max(width, display_width(lines[line][column]) + style.padding);
      for (std::size_t i = begin; i < line; ++i) widths[i].push_back(width);
    }
  }
  std::string out;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    for (std::size_t column = 0; column < lines[line].size(); ++column) {
      const std::string& cell = lines[line][column];
      out += cell;
      if (column < widths[line].size()) out.append(widths[line][column] - display_width(cell), ' ');
    }
    out += '\n';
  }
  return out;
}

std::vector<Cells> split_cells(std::string_view text) {
  std::vector<Cells> lines;
  for (std::string_view line; next_line(text, line);) {
    Cells& cells = lines.emplace_back(1);
    for (const char c : line) {
      if (c == '\t')
        cells.emplace_back();
      else
        cells.back() += c;
    }
  }
  return lines;
}

std::string tabulate_fitting(const std::vector<Cells>& lines, const FitRules& rules) {
  std::string text = tabulate(lines);
  // Each column left out gives its room back to the cells that were cut for it.
  for (std::size_t count = 0; widest_line(text) > rules.width && count <= rules.leave_out.size();
       ++count)
    text = squeezed(lines, rules, std::span(rules.leave_out).first(count));
  if (widest_line(text) <= rules.width) return text;
  std::string cut;
  std::string_view rest = text;
  for (std::string_view line; next_line(rest, line);) {
    cut += clip(line, rules.width);
    cut += '\n';
  }
  return cut;
}

}  // namespace plimsoll::agent
