#include "agent/stats/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "base/text.h"
#include "exporter/stream/json.h"

namespace plimsoll::agent {

namespace {

constexpr std::array<std::string_view, 9> kBinary = {"B",   "KiB", "MiB", "GiB", "TiB",
                                                     "PiB", "EiB", "ZiB", "YiB"};
constexpr std::array<std::string_view, 9> kDecimal = {"B",  "kB", "MB", "GB", "TB",
                                                      "PB", "EB", "ZB", "YB"};

// printf's %.{precision}g, without its locale.
std::string significant(double value, int precision) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value,
                                       std::chars_format::general, precision);
  return ec == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

std::string sized(double size, double base, double carry, int precision,
                  std::span<const std::string_view> units) {
  std::size_t i = 0;
  while (size >= base && i + 1 < units.size()) {
    size /= base;
    ++i;
  }
  if (size >= carry && i + 1 < units.size()) {
    size = 1;
    ++i;
  }
  return significant(size, precision) + std::string(units[i]);
}

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 1;
};

// `text` is valid UTF-8 and not empty.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return {lead, text.size()};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (byte(i) & 0x3FU);
  return {value, length};
}

// Enough of Unicode's East Asian Width and combining marks for names people give; an exotic script
// may misalign, nothing worse.
std::size_t width_of(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F))
    return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                    (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

std::string bytes_size(double bytes) {
  return sized(bytes, 1024, 1024, 4, kBinary);
}

std::string human_size(double bytes) {
  return sized(bytes, 1000, 999.5, 3, kDecimal);
}

std::string percentage(double percent) {
  std::array<char, 400> text{};
  const auto [end, ec] =
      std::to_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed, 2);
  return ec == std::errc{} ? std::string(text.data(), end) + "%" : std::string("?");
}

std::string shortest(double value) {
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

std::string decimal(double value) {
  return significant(value, 7);
}

std::string go_duration(std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  const auto scaled = [&](double unit) {
    return shortest(static_cast<double>(nanoseconds) / unit);
  };
  if (nanoseconds < 1'000) return std::to_string(nanoseconds) + "ns";
  if (nanoseconds < 1'000'000) return scaled(1e3) + "µs";
  if (nanoseconds < 1'000'000'000) return scaled(1e6) + "ms";
  const std::uint64_t minutes = nanoseconds / 60'000'000'000;
  std::string text;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes >= 1) text += std::to_string(minutes % 60) + "m";
  return text + shortest(static_cast<double>(nanoseconds % 60'000'000'000) / 1e9) + "s";
}

std::string printable(std::string_view text) {
  std::string out;
  append_valid_utf8(out, text);
  std::string clean;
  clean.reserve(out.size());
  for (std::string_view rest = out; !rest.empty();) {
    const CodePoint c = first_code_point(rest);
    const bool control = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
    clean += control ? std::string_view("?") : rest.substr(0, c.length);
    rest.remove_prefix(c.length);
  }
  return clean;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    width += width_of(c.value);
    text.remove_prefix(c.length);
  }
  return width;
}

std::string clip(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (used + width_of(c.value) > width - 1) break;
    used += width_of(c.value);
    out += text.substr(0, c.length);
    text.remove_prefix(c.length);
  }
  return out + "…";
}

std::string json_string(std::string_view text) {
  std::string out;
  exporter::append_json_string(out, text);
  return out;
}

}  // namespace plimsoll::agent
