// Rows as text: docker's table, templates, JSON lines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/stats/fields.h"
#include "agent/stats/raw_fields.h"
#include "agent/stats/row.h"
#include "agent/stats/template.h"
#include "base/error.h"

namespace plimsoll::agent {

// What --format and --columns say together.
struct OutputFormat {
  enum class Kind {
    kColumns,        // The table of `columns`.
    kTableTemplate,  // "table TEMPLATE": aligned, with the fields' headers.
    kTemplate,       // A line per row.
    kJson,           // An object per row and line.
    kCsv             // A line per row, below one with the names.
  };
  Kind kind = Kind::kColumns;
  std::vector<const ColumnInfo*> columns;
  // Columns the caller named may be shortened on a narrow terminal but are never left out.
  bool columns_chosen = false;
  Template line;                     // The two template kinds.
  std::vector<const RawField*> raw;  // kCsv.
};

// `format`: "" or "table", "table TEMPLATE", "json", "csv" or a template. `columns`: "" for
// docker's, "cpu,mem", or "+psi,+oom" for docker's and more. kInvalidInput names the option and the
// place.
[[nodiscard]] Result<OutputFormat> parse_output_format(std::string_view format,
                                                       std::string_view columns);

// What stands once before the first rows: the names of csv, else nothing.
[[nodiscard]] std::string render_head(const OutputFormat& format);

// All rows, each line ending in '\n'. `width`: of the terminal, which the column table then fits;
// nothing: as wide as it is.
[[nodiscard]] std::string render(const OutputFormat& format, const std::vector<StatsRow>& rows,
                                 const TextStyle& style, std::optional<std::size_t> width = {});

// One row as docker's {{json .}}: its nine keys, sorted, values as shown, then the further columns
// asked for. With kRaw: numbers in base units under our own names, absent ones left out, an
// unlimited limit null.
[[nodiscard]] std::string json_line(const StatsRow& row,
                                    const std::vector<const ColumnInfo*>& columns,
                                    const TextStyle& style);

// A frame for a terminal: drawn over the previous one without flicker (home, each line erased to
// its end, then the rest of the screen). At most `lines` lines; the last one then says how many
// are hidden.
[[nodiscard]] std::string screen_frame(std::string_view text, std::size_t lines);
inline constexpr std::string_view kClearScreen = "\033[2J";

}  // namespace plimsoll::agent
