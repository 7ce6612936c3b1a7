// What attached processes and logs say when they have no terminal: frames of eight bytes of head
// (which stream, how long) and the bytes. Docker's "multiplexed stream", Engine API 1.44.
//
// Thread: a value, one thread's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace plimsoll::agent {

class FrameReader {
 public:
  enum class Stream : std::uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kEngine = 3 };
  using Take = std::function<void(Stream, std::string_view)>;

  explicit FrameReader(Take take) : take_(std::move(take)) {}
  // Any number of bytes; frames are passed on as they come, in pieces. False: that is no frame.
  [[nodiscard]] bool feed(std::string_view bytes);
  // Between two frames, as it should be at the end.
  [[nodiscard]] bool between() const { return left_ == 0 && have_ == 0; }

 private:
  Take take_;
  std::array<unsigned char, 8> head_{};
  std::size_t have_ = 0;    // Of the head.
  std::uint32_t left_ = 0;  // Of the bytes.
};

}  // namespace plimsoll::agent
