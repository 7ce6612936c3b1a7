#include "agent/stats/view.h"

#include <algorithm>

namespace plimsoll::agent {

bool ViewOptions::needs_all_cgroups() const {
  return visibility == Visibility::kAllCgroups || !references.empty();
}

std::vector<std::string> StatsView::begin(const StatsFrame& frame) {
  if (options_.references.empty()) return {};
  references_.emplace(options_.references, frame.rows);
  return references_->problems();
}

std::vector<StatsRow> StatsView::rows(const StatsFrame& frame) const {
  std::vector<StatsRow> rows;
  if (references_) {
    rows = references_->pick(frame.rows);
    std::erase_if(rows, [&](const StatsRow& row) { return !options_.filters.match(row); });
  } else {
    for (const StatsRow& row : frame.rows)
      if (visible(row, options_.visibility) && options_.filters.match(row)) rows.push_back(row);
  }
  sort_rows(rows, options_.order, references_ ? Fallback::kKeepOrder : Fallback::kNewestFirst);
  // The total is about everything selected, also what --top hides.
  const StatsRow total = options_.total ? total_of(rows) : StatsRow();
  if (options_.top > 0 && rows.size() > options_.top)
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(options_.top), rows.end());
  if (options_.total) rows.push_back(total);
  return rows;
}

std::string StatsView::why_empty() const {
  if (!options_.filters.empty())
    return "no container matches; --all-cgroups also shows units, slices and bare cgroups";
  return options_.visibility == Visibility::kAllCgroups
             ? "there is no cgroup"
             : "no container runs here; --all-cgroups shows services, slices and bare cgroups";
}

std::string StatsView::text(const StatsFrame& frame, const Terminal& terminal) const {
  TextStyle style;
  style.ids = options_.ids;
  style.numbers = options_.numbers;
  style.now = frame.time;
  // --no-trunc: whole ids and whole lines, however wide.
  const bool fits = terminal.interactive && options_.ids == IdText::kShort;
  // One column less: erasing to the end of a line that is full takes its last character away.
  const std::size_t width = std::max<std::size_t>(terminal.columns, 2) - 1;
  return render(options_.format, rows(frame), style, fits ? std::optional(width) : std::nullopt);
}

}  // namespace plimsoll::agent
