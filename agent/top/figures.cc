#include "agent/top/figures.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace plimsoll::agent::top {

namespace {

constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> kShades = {"_", ".", "-", ":", "=", "+", "*", "#"};

std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value,
                                       std::chars_format::fixed, decimals);
  return ec == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

}  // namespace

std::string short_bytes(double bytes) {
  if (!std::isfinite(bytes)) return "-";
  if (bytes < 1) return "0";
  constexpr std::string_view kUnits = "BKMGTPE";
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  const bool whole = unit == 0 || bytes >= 99.95;
  return fixed(bytes, whole ? 0 : 1) + kUnits[unit];
}

std::string short_percent(double percent) {
  if (!std::isfinite(percent)) return "-";
  return fixed(percent, percent >= 999.95 ? 0 : 1);
}

std::string sparkline(std::span<const double> values, double top, std::size_t width,
                      Glyphs glyphs) {
  const auto& bars = glyphs == Glyphs::kUtf8 ? kBlocks : kShades;
  const std::size_t shown = std::min(width, values.size());
  std::string out(width - shown, ' ');
  for (const double value : values.last(shown)) {
    if (std::isnan(value)) {
      out += ' ';
      continue;
    }
    const double part = top > 0 ? std::clamp(value / top, 0.0, 1.0) : 0;
    // What is not nothing counts as the bar it has begun.
    const auto height =
        static_cast<std::size_t>(std::ceil(part * static_cast<double>(bars.size())));
    out += bars[std::max<std::size_t>(height, 1) - 1];
  }
  return out;
}

std::vector<double> squeeze(std::span<const double> values, std::size_t first,
                            std::size_t per_column, std::size_t columns) {
  std::vector<double> out;
  if (values.empty() || per_column == 0) return out;
  const std::size_t oldest = first / per_column;
  const std::size_t newest = (first + values.size() - 1) / per_column;
  out.assign(newest - oldest + 1, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& column = out[(first + i) / per_column - oldest];
    column = std::fmax(column, values[i]);  // Of a NaN and a number: the number.
  }
  if (out.size() > columns)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(columns));
  return out;
}

}  // namespace plimsoll::agent::top
