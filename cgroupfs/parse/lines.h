// The two tokens all kernel files are made of: whole lines and decimal numbers. Header-only and
// without allocation, since the sampler runs them for every cgroup on every tick.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace plimsoll::cgroupfs {

// Walks the lines of a file. Every kernel file ends its last line with '\n'; one that does not was
// cut, and a cut number is a wrong number that looks right: kMalformed.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next line without its '\n'; nothing at the end.
  [[nodiscard]] Result<std::optional<std::string_view>> next() {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return malformed(rest_);
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

 private:
  std::string_view rest_;
};

// `text` up to the first '\n': what an error names.
[[nodiscard]] constexpr std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// The decimal number at the start of a text; `size` digits long, 0 when there is none or it does
// not fit 64 bits.
struct Digits {
  std::uint64_t value = 0;
  std::size_t size = 0;
};

[[nodiscard]] constexpr Digits take_digits(std::string_view text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  constexpr std::size_t kSafe = 19;  // That many digits always fit.
  const char* const start = text.data();
  const auto digit_at = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(start[i])) - '0';
  };
  std::uint64_t value = 0;
  std::size_t size = 0;
  const std::size_t unchecked = text.size() < kSafe ? text.size() : kSafe;
  for (; size < unchecked && digit_at(size) <= 9; ++size) value = value * 10 + digit_at(size);
  if (size < kSafe) return {value, size};
  for (; size < text.size() && digit_at(size) <= 9; ++size) {
    if (value > (kMax - digit_at(size)) / 10) return {};
    value = value * 10 + digit_at(size);
  }
  return {value, size};
}

}  // namespace plimsoll::cgroupfs
