#include "control/breach/units.h"

#include <array>
#include <cmath>

#include "base/text.h"

namespace plimsoll::control {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"", "K", "M", "G", "T", "P", "E"};
  std::size_t unit = 0;
  double value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::string text = std::to_string(std::llround(value * 10));
  const char tenth = text.back();
  text.pop_back();
  if (text.empty()) text = "0";
  if (tenth != '0') text.append(".").push_back(tenth);
  return text + kUnits[unit];
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const auto ns = duration.count();
  if (ns < 1'000'000) return std::to_string(ns / 1000) + "us";
  if (ns < 1'000'000'000) return std::to_string(ns / 1'000'000) + "ms";
  const auto tenths = ns / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s";
}

std::string printable(std::string_view text) {
  std::string out;
  append_valid_utf8(out, text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return out;
}

}  // namespace plimsoll::control
