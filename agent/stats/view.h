// From a frame to the text that is printed: selection, order, table. Pure but for the references,
// which are resolved against the first frame.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/stats/filter.h"
#include "agent/stats/order.h"
#include "agent/stats/references.h"
#include "agent/stats/render.h"
#include "agent/terminal.h"

namespace plimsoll::agent {

struct ViewOptions {
  std::vector<std::string> references;
  Filters filters;
  Visibility visibility = Visibility::kContainers;
  std::vector<SortBy> order;
  std::size_t top = 0;  // 0: all.
  bool total = false;
  OutputFormat format;
  IdText ids = IdText::kShort;
  NumberText numbers = NumberText::kUnits;

  // Must the source deliver more than containers?
  [[nodiscard]] bool needs_all_cgroups() const;
};

class StatsView {
 public:
  explicit StatsView(ViewOptions options) : options_(std::move(options)) {}

  // Resolves the references against the first frame. What could not be resolved, one line each;
  // empty: go on.
  [[nodiscard]] std::vector<std::string> begin(const StatsFrame& frame);

  // The rows to show, in order.
  [[nodiscard]] std::vector<StatsRow> rows(const StatsFrame& frame) const;

  // What to say when there are no rows.
  [[nodiscard]] std::string why_empty() const;

  // What stands once before the first frame's text.
  [[nodiscard]] std::string head() const { return render_head(options_.format); }

  // As printed. A `terminal` that is interactive bounds the width of the column table.
  [[nodiscard]] std::string text(const StatsFrame& frame, const Terminal& terminal) const;

 private:
  ViewOptions options_;
  std::optional<References> references_;
};

}  // namespace plimsoll::agent
