#include "base/go_duration.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/number.h"

namespace plimsoll {

namespace {

// Longer words before those they begin with: "ms" before "m".
constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},  // Micro sign.
    {"\xCE\xBCs", 1'000},  // Greek mu.
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000}};

std::optional<std::int64_t> take_unit(std::string_view& text) {
  for (const auto& [word, ns] : kUnits) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    return ns;
  }
  return std::nullopt;
}

// "1.5h" off the front of `text`, in nanoseconds.
std::optional<double> take_part(std::string_view& text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  const std::string_view digits = text.substr(0, end);
  if (end == std::string_view::npos || digits.find_first_not_of('.') == std::string_view::npos)
    return std::nullopt;
  const std::optional<double> number = to_double(digits);
  text.remove_prefix(end);
  const std::optional<std::int64_t> unit = take_unit(text);
  if (!number || !unit) return std::nullopt;
  return *number * static_cast<double>(*unit);
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const std::optional<double> part = take_part(text);
    if (!part) return std::nullopt;
    total += *part;
  }
  if (total >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const std::chrono::nanoseconds value(std::llround(total));
  return negative ? -value : value;
}

}  // namespace plimsoll
