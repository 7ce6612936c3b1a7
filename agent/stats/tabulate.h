// Cells into aligned text, with the column rules of Go's text/tabwriter as docker sets it (minimum
// width 10, padding 3), so that our tables and docker's are equal byte for byte. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::agent {

struct TableStyle {
  std::size_t min_width = 10;
  std::size_t padding = 3;
};

// A line's cells. The last cell is not padded and does not widen its column.
using Cells = std::vector<std::string>;

// Lines may have different numbers of cells: a column spans consecutive lines that have it.
[[nodiscard]] std::string tabulate(std::span<const Cells> lines, const TableStyle& style = {});
// "a\tb\nc\td\n" -> cells.
[[nodiscard]] std::vector<Cells> split_cells(std::string_view text);

struct FitRules {
  std::size_t width = 80;  // Of the terminal.
  // Columns whose cells may be cut to `min_shortened`, in this order, and columns that may be left
  // out, in this order, when that is not enough. Indices into the first line's cells.
  std::vector<std::size_t> shorten;
  std::vector<std::size_t> leave_out;
  std::size_t min_shortened = 20;
};

// `lines` (header first, all of the same number of cells) as text no wider than the terminal: first
// the gaps shrink, then long cells are cut, then columns are left out, at last lines are cut.
[[nodiscard]] std::string tabulate_fitting(const std::vector<Cells>& lines, const FitRules& rules);

}  // namespace plimsoll::agent
