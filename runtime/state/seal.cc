#include "runtime/state/seal.h"

#include <array>

namespace plimsoll::state {

namespace {

constexpr std::string_view kMark = "\n#crc32c ";
constexpr std::size_t kDigits = 8;

constexpr std::array<std::uint32_t, 256> make_table() {
  constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, reflected.
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    table[byte] = rest;
  }
  return table;
}

std::string hex(std::uint32_t value) {
  static constexpr char kLetters[] = "0123456789abcdef";
  std::string text(kDigits, '0');
  for (std::size_t i = kDigits; i-- > 0; value >>= 4) text[i] = kLetters[value & 15];
  return text;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t rest = ~std::uint32_t{0};
  for (const char c : bytes)
    rest = (rest >> 8) ^ kTable[(rest ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~rest;
}

std::string seal(std::string_view text) {
  std::string sealed(text);
  sealed += kMark;
  sealed += hex(crc32c(text));
  sealed += '\n';
  return sealed;
}

Result<std::string_view> unseal(std::string_view sealed) {
  const std::size_t mark = sealed.rfind(kMark);
  if (mark == std::string_view::npos) return malformed("no checksum");
  const std::string_view line = sealed.substr(mark + kMark.size());
  const std::string_view text = sealed.substr(0, mark);
  if (line.size() != kDigits + 1 || line.back() != '\n') return malformed("no checksum");
  if (line.substr(0, kDigits) != hex(crc32c(text))) return malformed("checksum of other bytes");
  return text;
}

}  // namespace plimsoll::state
