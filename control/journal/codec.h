// Numbers and texts as bytes, little endian, texts behind their length. Without allocation beyond
// what is returned; a decoder never reads past its bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::control {

class Encoder {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  Result<T> number() {
    if (rest_.size() < sizeof(T)) return malformed("record ends within a number");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  Result<std::string> text() {
    const auto size = PLIMSOLL_TRY(number<std::uint32_t>());
    if (rest_.size() < size) return malformed("record ends within a text");
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  // How many elements follow; each takes at least `least` bytes, so that a wrong count cannot make
  // anybody reserve memory for it.
  Result<std::size_t> count(std::size_t least) {
    const auto value = PLIMSOLL_TRY(number<std::uint32_t>());
    if (value > rest_.size() / least) return malformed("record counts more than it has");
    return std::size_t{value};
  }
  // An enumerator of `T`, the last of which is `last`.
  template <class T>
  Result<T> enumerator(T last) {
    const auto value = PLIMSOLL_TRY(number<std::uint8_t>());
    if (value > static_cast<std::uint8_t>(last)) return malformed("record has an unknown word");
    return static_cast<T>(value);
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace plimsoll::control
