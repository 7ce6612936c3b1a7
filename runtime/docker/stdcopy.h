// Several streams in one, as attach, exec and logs send them without a terminal: before each piece
// eight bytes, which are the stream's number, three zeros, and the length, big-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plimsoll::docker {

enum class StdStream : std::uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kSystemError = 3 };

[[nodiscard]] inline std::shared_ptr<const std::string> std_frame(StdStream stream,
                                                                  std::string_view bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::string frame;
  frame.reserve(8 + bytes.size());
  frame += static_cast<char>(stream);
  frame.append(3, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>((length >> shift) & 0xFFU);
  frame += bytes;
  return std::make_shared<const std::string>(std::move(frame));
}

}  // namespace plimsoll::docker
