#include "agent/stats/render.h"

#include <algorithm>

#include "agent/stats/csv.h"
#include "agent/stats/tabulate.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

constexpr std::string_view kTable = "table";

bool adds_columns(std::string_view text) {
  return text.empty() || text.starts_with('+');
}

Result<std::vector<const ColumnInfo*>> parse_columns(std::string_view text) {
  std::vector<const ColumnInfo*> chosen;
  const bool adds = adds_columns(text);
  if (adds)
    for (const std::string_view key : default_columns()) chosen.push_back(find_column(key));
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (adds && word.starts_with('+')) word.remove_prefix(1);
    const ColumnInfo* column = find_column(word);
    if (column == nullptr)
      return invalid_input("--columns", "unknown column '" + std::string(word) + "' (one of: " +
                                            words_of(columns(), &ColumnInfo::key) + ")");
    chosen.push_back(column);
  }
  return chosen;
}

Result<Template> parse_line(std::string_view format) {
  // Blanks around the template are docker's to drop, but columns are counted in what was typed.
  std::size_t start = format.starts_with(kTable) ? kTable.size() : 0;
  start = std::min(format.find_first_not_of(' ', start), format.size());
  std::string_view text = format.substr(start);
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  return Template::parse(
      text, [](std::string_view name) { return find_field(name) != nullptr; },
      "fields: " + words_of(fields(), &FieldInfo::name), start);
}

std::string template_lines(const OutputFormat& format, const std::vector<StatsRow>& rows,
                           const TextStyle& style) {
  std::string out;
  if (format.kind == OutputFormat::Kind::kTableTemplate) {
    const TemplateData titles{.field =
                                  [](std::string_view name) {
                                    return TemplateValue{std::string(find_field(name)->header)};
                                  },
                              .json_object = [] { return std::string(); }};
    out += format.line.render(titles, TemplateMode::kHeader) + "\n";
  }
  for (const StatsRow& row : rows) {
    const TemplateData data{
        .field = [&](std::string_view name) { return find_field(name)->value(row, style); },
        .json_object = [&] { return json_line(row, {}, style); }};
    out += format.line.render(data) + "\n";
  }
  return format.kind == OutputFormat::Kind::kTableTemplate ? tabulate(split_cells(out)) : out;
}

std::string column_table(const OutputFormat& format, const std::vector<StatsRow>& rows,
                         const TextStyle& style, std::optional<std::size_t> width) {
  std::vector<Cells> lines(1);
  for (const ColumnInfo* column : format.columns)
    lines.front().emplace_back(find_field(column->field)->header);
  for (const StatsRow& row : rows) {
    Cells& cells = lines.emplace_back();
    for (const ColumnInfo* column : format.columns)
      cells.push_back(find_field(column->field)->value(row, style).text);
  }
  if (!width) return tabulate(lines);
  FitRules rules{.width = *width, .shorten = {}, .leave_out = {}};
  const auto position = [&](std::string_view key) {
    return std::find_if(format.columns.begin(), format.columns.end(),
                        [&](const ColumnInfo* column) { return column->key == key; });
  };
  const auto add = [&](std::vector<std::size_t>& rule, std::string_view key) {
    if (const auto at = position(key); at != format.columns.end())
      rule.push_back(static_cast<std::size_t>(at - format.columns.begin()));
  };
  for (const std::string_view key : {"cgroup", "image", "id", "name"}) add(rules.shorten, key);
  // The name tells a person more than the id does; CPU and memory are why they look.
  if (!format.columns_chosen)
    for (const std::string_view key : {"id", "pids", "mem%", "block", "net"})
      add(rules.leave_out, key);
  return tabulate_fitting(lines, rules);
}

}  // namespace

Result<OutputFormat> parse_output_format(std::string_view format, std::string_view columns) {
  OutputFormat result;
  result.columns_chosen = !columns.empty();
  result.columns = PLIMSOLL_TRY(parse_columns(columns));
  if (format.empty() || format == kTable) return result;
  if (format == "json") {
    result.kind = OutputFormat::Kind::kJson;
    return result;
  }
  if (format == "csv") {
    result.kind = OutputFormat::Kind::kCsv;
    result.raw = raw_fields_of(result.columns, adds_columns(columns));
    return result;
  }
  if (!columns.empty())
    return invalid_input("--columns", "goes with the table, json and csv, not with a template");
  result.kind = format.starts_with(kTable) ? OutputFormat::Kind::kTableTemplate
                                           : OutputFormat::Kind::kTemplate;
  result.line = PLIMSOLL_TRY(parse_line(format));
  return result;
}

std::string render_head(const OutputFormat& format) {
  return format.kind == OutputFormat::Kind::kCsv ? csv_header(format.raw) : std::string();
}

std::string render(const OutputFormat& format, const std::vector<StatsRow>& rows,
                   const TextStyle& style, std::optional<std::size_t> width) {
  if (format.kind == OutputFormat::Kind::kColumns) return column_table(format, rows, style, width);
  if (format.kind == OutputFormat::Kind::kCsv) return csv_lines(format.raw, rows, style);
  if (format.kind != OutputFormat::Kind::kJson) return template_lines(format, rows, style);
  std::string out;
  for (const StatsRow& row : rows) out += json_line(row, format.columns, style) + "\n";
  return out;
}

std::string screen_frame(std::string_view text, std::size_t lines) {
  const auto total = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  // The cursor rests on the line after the last one, which must exist.
  const std::size_t room = std::max<std::size_t>(lines, 3) - 1;
  const std::size_t shown = total <= room ? total : room - 1;
  std::string out = "\033[H";
  std::string_view line;
  for (std::size_t i = 0; i < shown && next_line(text, line); ++i) {
    out += line;
    out += "\033[K\n";
  }
  if (shown < total)
    out += "(" + std::to_string(total - shown) + " more: --sort, --top N, --filter)\033[K\n";
  return out + "\033[J";
}

}  // namespace plimsoll::agent
