#include "control/journal/frame.h"

#include <array>
#include <optional>

#include "control/journal/codec.h"

namespace plimsoll::control {
namespace {

constexpr std::string_view kMark = "PLJ1";

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    table[byte] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = crc_table();

// The record of a good frame that begins here.
std::optional<std::string_view> record_at(std::string_view bytes) {
  if (bytes.size() < kFrameHead || !bytes.starts_with(kMark)) return std::nullopt;
  Decoder head(bytes.substr(kMark.size(), kFrameHead - kMark.size()));
  const std::uint32_t length = *head.number<std::uint32_t>();
  const std::uint32_t crc = *head.number<std::uint32_t>();
  if (length > kLongestRecord || length > bytes.size() - kFrameHead) return std::nullopt;
  const std::string_view record = bytes.substr(kFrameHead, length);
  if (crc32c(record, crc32c(bytes.substr(kMark.size(), 4))) != crc) return std::nullopt;
  return record;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const char byte : bytes)
    crc = kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (crc >> 8);
  return ~crc;
}

void append_frame(std::string& out, std::string_view record) {
  Encoder length;
  length.number(static_cast<std::uint32_t>(record.size()));
  Encoder crc;
  crc.number(crc32c(record, crc32c(length.bytes())));
  out.append(kMark).append(length.bytes()).append(crc.bytes()).append(record);
}

Frames scan_frames(std::string_view bytes) {
  Frames frames;
  std::size_t bad = 0;  // Since the last good frame.
  while (!bytes.empty()) {
    if (const auto record = record_at(bytes)) {
      frames.damaged = frames.damaged || bad != 0;
      frames.bad_bytes += bad;
      bad = 0;
      frames.records.push_back(*record);
      bytes.remove_prefix(kFrameHead + record->size());
      continue;
    }
    const std::size_t next = bytes.find(kMark, 1);
    const std::size_t skipped = next == std::string_view::npos ? bytes.size() : next;
    bad += skipped;
    bytes.remove_prefix(skipped);
  }
  frames.bad_bytes += bad;
  return frames;
}

}  // namespace plimsoll::control
