#include "base/base64.h"

#include <array>
#include <cstdint>

namespace plimsoll {

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t bits =
        byte_at(bytes, at) << 16U | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2);
    text += kDigits[bits >> 18U];
    text += kDigits[bits >> 12U & 63U];
    text += at + 1 < bytes.size() ? kDigits[bits >> 6U & 63U] : '=';
    text += at + 2 < bytes.size() ? kDigits[bits & 63U] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool padded = at + padding >= text.size();
    const std::uint8_t value =
        padded ? std::uint8_t{0} : kValues[static_cast<unsigned char>(text[at])];
    if (value == kNoDigit) return std::nullopt;
    bits = bits << 6U | value;
    if (at % 4 != 3) continue;
    bytes += static_cast<char>(bits >> 16U & 255U);
    bytes += static_cast<char>(bits >> 8U & 255U);
    bytes += static_cast<char>(bits & 255U);
    bits = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace plimsoll
