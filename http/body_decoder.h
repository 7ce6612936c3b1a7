// Where a body ends and what of the bytes is body (RFC 9112 section 6 and 7.1). Pure; used for
// requests and responses.
//
// Own code because Beast 1.81's chunk parser lets a quoted extension run past the end of its line,
// so that how the bytes arrive decides what they mean, and asserts on an empty chunked body that
// arrives in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plimsoll::http {

class BodyDecoder {
 public:
  [[nodiscard]] static BodyDecoder of_length(std::uint64_t length);
  // The lines around chunks, and the trailers together, may have `line_limit` bytes.
  [[nodiscard]] static BodyDecoder chunked(std::size_t line_limit);
  [[nodiscard]] static BodyDecoder until_end();  // Of the connection.

  struct Piece {
    std::string_view data;  // Part of `input`; may be empty.
    std::size_t used = 0;   // Bytes of `input` that are done with; 0 = needs more, or over.
  };
  // Looks at `input`, which starts at the first byte not used yet.
  [[nodiscard]] Piece take(std::string_view input);

  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  struct Refusal {
    int status;  // 400 or 431.
    const char* text;
  };
  // Why the bytes are no body; empty as long as they may be.
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }
  // The connection's end is this body's end.
  [[nodiscard]] bool ends_with_connection() const { return state_ == State::kUntilEnd; }
  // The size so far, with the whole of a chunk that has just begun.
  [[nodiscard]] std::uint64_t announced() const { return announced_; }

 private:
  enum class State { kLength, kUntilEnd, kChunkSize, kChunkData, kChunkEnd, kTrailer, kDone };

  explicit BodyDecoder(State state) : state_(state) {}
  Piece take_data(std::string_view input, State after);
  void begin_chunk(std::string_view line);
  void read_trailer(std::string_view line);
  Piece take_line(std::string_view input);
  void refuse(const char* why) { refusal_ = Refusal{400, why}; }

  State state_;
  std::uint64_t left_ = 0;  // Of the length or the chunk.
  std::uint64_t announced_ = 0;
  std::size_t line_limit_ = 0;  // Trailers use it up.
  std::optional<Refusal> refusal_;
};

}  // namespace plimsoll::http
