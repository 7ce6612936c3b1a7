#include "cgroupfs/parse/pressure.h"

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

namespace {

// What the key has for a value, if it has one.
bool set_value(PressureLine& line, std::string_view key, std::string_view value) {
  const auto set_average = [&](double PressureLine::* member) {
    const auto average = to_double(value);
    line.*member = average.value_or(0);
    return average.has_value();
  };
  if (key == "avg10") return set_average(&PressureLine::avg10);
  if (key == "avg60") return set_average(&PressureLine::avg60);
  if (key == "avg300") return set_average(&PressureLine::avg300);
  if (key == "total") {
    const auto total = to_number<std::uint64_t>(value);
    line.total_usec = total.value_or(0);
    return total.has_value();
  }
  return true;  // A newer kernel's.
}

Result<PressureLine> parse_line(std::string_view line, std::string_view values) {
  PressureLine pressure;
  bool has_total = false;
  std::string_view word;
  while (next_word(values, word)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return malformed(line);
    const std::string_view key = word.substr(0, equals);
    if (!set_value(pressure, key, word.substr(equals + 1))) return malformed(line);
    has_total = has_total || key == "total";
  }
  if (!has_total) return malformed(line);
  return pressure;
}

}  // namespace

Result<Pressure> parse_pressure(std::string_view text) {
  Pressure pressure;
  Lines lines(text);
  while (const std::optional<std::string_view> line = PLIMSOLL_TRY(lines.next())) {
    std::string_view rest = *line;
    std::string_view kind;
    if (!next_word(rest, kind) || rest.empty()) return malformed(*line);
    if (kind == "some") pressure.some = PLIMSOLL_TRY(parse_line(*line, rest));
    if (kind == "full") pressure.full = PLIMSOLL_TRY(parse_line(*line, rest));
  }
  return pressure;
}

}  // namespace plimsoll::cgroupfs
