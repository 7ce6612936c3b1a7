// The few pieces of the protobuf wire format that metrics need. put_* write at `to` and give the
// end; the caller guarantees the room. Source: protobuf.dev, "Encoding".
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace plimsoll::exporter::wire {

inline constexpr std::size_t kMaxVarint = 10;
// A length that is filled in later keeps this many bytes: a varint may be longer than it must be,
// and four spare bytes per family are cheaper than moving the family.
inline constexpr std::size_t kPaddedVarint = 5;

inline char* put_varint(char* to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) *to++ = static_cast<char>((value & 0x7FU) | 0x80U);
  *to++ = static_cast<char>(value);
  return to;
}

inline void put_padded_varint(char* to, std::uint64_t value) {
  for (std::size_t i = 0; i + 1 < kPaddedVarint; ++i, value >>= 7U)
    *to++ = static_cast<char>((value & 0x7FU) | 0x80U);
  *to = static_cast<char>(value & 0x7FU);
}

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
  return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}

// sint32 and sint64: small negative numbers stay short.
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

enum class Type : std::uint8_t { kVarint = 0, kDouble = 1, kBytes = 2 };

// Fields below 16 only: their tag is one byte.
[[nodiscard]] constexpr char tag(unsigned field, Type type) {
  return static_cast<char>(field << 3U | static_cast<unsigned>(type));
}

inline char* put_bytes(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

inline char* put_double(char* to, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  std::memcpy(to, &bits, sizeof bits);
  return to + sizeof bits;
}

// Metric.label {name = 1, value = 2}: its size with tag and length, and the bytes. The value is
// `prefix` and `value` together and must be valid UTF-8.
[[nodiscard]] inline std::size_t label_body_size(std::string_view name, std::size_t value_size) {
  return 2 + varint_size(name.size()) + name.size() + varint_size(value_size) + value_size;
}
[[nodiscard]] inline std::size_t label_size(std::string_view name, std::string_view prefix,
                                            std::string_view value) {
  const std::size_t body = label_body_size(name, prefix.size() + value.size());
  return 1 + varint_size(body) + body;
}
inline char* put_label(char* to, std::string_view name, std::string_view prefix,
                       std::string_view value) {
  const std::size_t value_size = prefix.size() + value.size();
  *to++ = tag(1, Type::kBytes);
  to = put_varint(to, label_body_size(name, value_size));
  *to++ = tag(1, Type::kBytes);
  to = put_bytes(put_varint(to, name.size()), name);
  *to++ = tag(2, Type::kBytes);
  return put_bytes(put_bytes(put_varint(to, value_size), prefix), value);
}

inline void append_varint_field(std::string& out, unsigned field, std::uint64_t value) {
  char text[1 + kMaxVarint];
  text[0] = tag(field, Type::kVarint);
  out.append(text, put_varint(text + 1, value));
}
inline void append_double_field(std::string& out, unsigned field, double value) {
  char text[1 + sizeof value];
  text[0] = tag(field, Type::kDouble);
  out.append(text, put_double(text + 1, value));
}
inline void append_bytes_field(std::string& out, unsigned field, std::string_view bytes) {
  char text[1 + kMaxVarint];
  text[0] = tag(field, Type::kBytes);
  out.append(text, put_varint(text + 1, bytes.size()));
  out += bytes;
}

}  // namespace plimsoll::exporter::wire
