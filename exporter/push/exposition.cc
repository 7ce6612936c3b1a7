#include "exporter/push/exposition.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kBlank = " \t";

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string_view cut_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// Where the label block that begins at `open` ends: the first brace outside of quotes.
std::size_t closing_brace(std::string_view line, std::size_t open) {
  bool quoted = false;
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    if (quoted && line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (!quoted && line[i] == '}')
      return i;
  }
  return std::string_view::npos;
}

std::optional<double> parse_value(std::string_view text) {
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "value" or "value timestamp".
bool parse_numbers(std::string_view text, SeriesLine& series) {
  text = without_blanks(text);
  const std::size_t gap = text.find_first_of(kBlank);
  const std::optional<double> value = parse_value(text.substr(0, gap));
  if (!value) return false;
  series.value = *value;
  if (gap == std::string_view::npos) return true;
  const std::string_view stamp = without_blanks(text.substr(gap));
  std::int64_t milliseconds = 0;
  const auto [end, error] =
      std::from_chars(stamp.data(), stamp.data() + stamp.size(), milliseconds);
  if (error != std::errc{} || end != stamp.data() + stamp.size()) return false;
  series.milliseconds = milliseconds;
  return true;
}

Result<SeriesLine> parse_series(std::string_view line) {
  SeriesLine series;
  const std::size_t name_end = line.find_first_of("{ \t");
  if (name_end == std::string_view::npos || name_end == 0) return malformed(line);
  series.name = line.substr(0, name_end);
  std::size_t key_end = name_end;
  if (line[name_end] == '{') {
    const std::size_t close = closing_brace(line, name_end);
    if (close == std::string_view::npos) return malformed(line);
    series.labels = line.substr(name_end + 1, close - name_end - 1);
    key_end = close + 1;
  }
  series.key = line.substr(0, key_end);
  if (!parse_numbers(line.substr(key_end), series)) return malformed(line);
  return series;
}

// The text of a quoted value that begins at `at` (after the quote); `at` is left after the closing
// quote.
std::optional<std::string> unquote(std::string_view block, std::size_t& at) {
  std::string value;
  for (; at < block.size(); ++at) {
    if (block[at] == '"') {
      ++at;
      return value;
    }
    if (block[at] != '\\') {
      value += block[at];
      continue;
    }
    if (++at == block.size()) return std::nullopt;
    switch (block[at]) {
      case 'n':
        value += '\n';
        break;
      case '\\':
      case '"':
        value += block[at];
        break;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<SeriesLine>> next_series(std::string_view& text) {
  while (!text.empty()) {
    const std::string_view line = without_blanks(cut_line(text));
    if (line.empty() || line.front() == '#') continue;
    return PLIMSOLL_TRY(parse_series(line));
  }
  return std::nullopt;
}

Result<> append_labels(std::string_view block, std::vector<PushLabel>& labels) {
  std::size_t at = 0;
  while (at < block.size()) {
    const std::size_t equals = block.find('=', at);
    if (equals == std::string_view::npos || equals + 1 >= block.size() || block[equals + 1] != '"')
      return malformed(block);
    const std::string_view name = without_blanks(block.substr(at, equals - at));
    if (name.empty()) return malformed(block);
    at = equals + 2;
    std::optional<std::string> value = unquote(block, at);
    if (!value) return malformed(block);
    // An empty value is the same as no label, and receivers refuse it.
    if (!value->empty()) labels.push_back({std::string(name), *std::move(value)});
    at = block.find_first_not_of(kBlank, at);
    if (at == std::string_view::npos) break;
    if (block[at] != ',') return malformed(block);
    ++at;
  }
  return {};
}

}  // namespace plimsoll::exporter
