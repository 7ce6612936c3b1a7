// Messages from a pattern: fill_in("{}: no such {}", name, "device"). What std::format would do,
// which g++ 12 lacks, for programs that are too small for fmt: text and whole numbers, "{}" only.
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>

namespace plimsoll {

namespace detail {
inline std::string piece(std::string_view text) {
  return std::string(text);
}
template <std::integral T>
std::string piece(T number) {
  return std::to_string(number);
}
}  // namespace detail

template <class... Pieces>
[[nodiscard]] std::string fill_in(std::string_view pattern, const Pieces&... pieces) {
  const std::array<std::string, sizeof...(Pieces)> texts{detail::piece(pieces)...};
  std::string filled;
  for (const std::string& text : texts) {
    const std::size_t place = pattern.find("{}");
    filled += pattern.substr(0, place);
    filled += text;
    pattern.remove_prefix(place + 2);
  }
  return filled += pattern;
}

}  // namespace plimsoll
