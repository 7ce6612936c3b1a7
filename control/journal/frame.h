// Records in a file: found again one by one whatever happened to the bytes between them. Pure.
//
//   "PLJ1" | length of the record, 4 bytes | CRC-32C of length and record, 4 bytes | record
//
// A killed process leaves at most one half frame, at the end. A bad disk leaves anything anywhere:
// then the next good frame is looked for, because what comes later counts more than what is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::control {

inline constexpr std::size_t kFrameHead = 12;
// A plan of 100 000 writes; anything above is no length.
inline constexpr std::uint32_t kLongestRecord = std::uint32_t{64} << 20;

// CRC-32C (RFC 3720, appendix B.4); `before` continues an earlier one.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

void append_frame(std::string& out, std::string_view record);

struct Frames {
  std::vector<std::string_view> records;  // Views of the scanned bytes.
  // Bytes that belong to no good frame, and whether a good one stands behind some of them: then it
  // was no torn end, but damage.
  std::size_t bad_bytes = 0;
  bool damaged = false;
};
[[nodiscard]] Frames scan_frames(std::string_view bytes);

}  // namespace plimsoll::control
