// Numbers from whole tokens: no sign where none belongs, no space, no overflow, no locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plimsoll {

template <class T>
[[nodiscard]] std::optional<T> to_number(std::string_view token, int base = 10) {
  T value{};
  const auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), value, base);
  if (ec != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

[[nodiscard]] inline std::optional<double> to_double(std::string_view token) {
  double value = 0;
  const auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (ec != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

// What a limit file can say: a value, or "max". There is no way to forget the second.
template <class T>
class Limit {
 public:
  [[nodiscard]] static constexpr Limit none() { return Limit(); }
  constexpr explicit Limit(T value) : value_(value) {}
  [[nodiscard]] constexpr bool is_none() const { return !value_; }
  // Only if !is_none().
  [[nodiscard]] constexpr const T& value() const { return *value_; }
  constexpr bool operator==(const Limit&) const = default;

 private:
  constexpr Limit() = default;
  std::optional<T> value_;
};

}  // namespace plimsoll
