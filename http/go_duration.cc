#include <array>
#include <cstdint>
#include <limits>

#include "base/number.h"
#include "http/web_config.h"

namespace plimsoll::http {

namespace {

struct Unit {
  std::string_view name;
  double ns;
};
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1e3},
                                         {"\xC2\xB5s", 1e3},  // Two letters look like this one.
                                         {"\xCE\xBCs", 1e3},
                                         {"ms", 1e6},
                                         {"s", 1e9},
                                         {"m", 60e9},
                                         {"h", 3600e9}}};

constexpr bool is_number(char c) {
  return (c >= '0' && c <= '9') || c == '.';
}

// Takes "1.5s" off the text; nothing if it does not begin with a number and its unit.
std::optional<double> take_part(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_number(text[end])) ++end;
  const auto number = to_double(text.substr(0, end));
  text.remove_prefix(end);
  end = 0;
  while (end < text.size() && !is_number(text[end])) ++end;
  for (const Unit& unit : kUnits) {
    if (unit.name != text.substr(0, end)) continue;
    text.remove_prefix(end);
    return number ? std::optional(*number * unit.ns) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  if (const auto plain = to_number<std::int64_t>(text)) return std::chrono::nanoseconds(*plain);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part) return std::nullopt;
    total += *part;
  }
  // The next double below 2^63: what is larger does not fit.
  constexpr double kMost = 9223372036854774784.0;
  if (total > kMost) return std::nullopt;
  const auto ns = static_cast<std::int64_t>(total);
  return std::chrono::nanoseconds(negative ? -ns : ns);
}

}  // namespace plimsoll::http
