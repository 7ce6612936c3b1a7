// The text format 0.0.4, read back series by series: what is pushed is what a scrape would have
// shown, so both come from one text.
//
// Source: prometheus/docs, exposition_formats.md. Pure functions; views are good as long as the
// text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::exporter {

// One sample line.
struct SeriesLine {
  std::string_view key;     // `name{labels}` as it stands in the text: equal for equal series.
  std::string_view name;    // "container_memory_rss"
  std::string_view labels;  // Inside the braces, still escaped; "" without braces.
  double value = 0;
  std::optional<std::int64_t> milliseconds;  // The line's own timestamp.
};

// Cuts the first line that holds a sample off `text`; nothing when only comments and blank lines
// are left. kMalformed with the line; then that line is cut off, too, and reading may go on.
[[nodiscard]] Result<std::optional<SeriesLine>> next_series(std::string_view& text);

struct PushLabel {
  std::string name;
  std::string value;
  auto operator<=>(const PushLabel&) const = default;
};

// Appends the labels of a block, unescaped, in their order. kMalformed with the block.
[[nodiscard]] Result<> append_labels(std::string_view block, std::vector<PushLabel>& labels);

}  // namespace plimsoll::exporter
