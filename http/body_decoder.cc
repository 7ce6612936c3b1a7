#include "http/body_decoder.h"

#include <algorithm>
#include <limits>

#include "base/number.h"

namespace plimsoll::http {

namespace {

// Tabs are allowed in extensions and trailers, other controls nowhere.
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

}  // namespace

BodyDecoder BodyDecoder::of_length(std::uint64_t length) {
  BodyDecoder body(length == 0 ? State::kDone : State::kLength);
  body.left_ = length;
  body.announced_ = length;
  return body;
}

BodyDecoder BodyDecoder::chunked(std::size_t line_limit) {
  BodyDecoder body(State::kChunkSize);
  body.line_limit_ = line_limit;
  return body;
}

BodyDecoder BodyDecoder::until_end() {
  return BodyDecoder(State::kUntilEnd);
}

BodyDecoder::Piece BodyDecoder::take(std::string_view input) {
  if (refusal_ || input.empty()) return {};
  switch (state_) {
    case State::kDone:
      return {};
    case State::kUntilEnd:
      announced_ += input.size();
      return {input, input.size()};
    case State::kLength:
      return take_data(input, State::kDone);
    case State::kChunkData:
      return take_data(input, State::kChunkEnd);
    case State::kChunkEnd:
      if (input.size() < 2) return {};
      state_ = State::kChunkSize;
      if (!input.starts_with("\r\n")) refuse("a chunk is longer than its size");
      return {{}, 2};
    case State::kChunkSize:
    case State::kTrailer:
      return take_line(input);
  }
  return {};
}

BodyDecoder::Piece BodyDecoder::take_line(std::string_view input) {
  // Judged by the same bytes whether they came at once or one by one.
  const std::size_t end = input.substr(0, line_limit_).find('\n');
  if (end == std::string_view::npos) {
    if (input.size() > line_limit_)
      refusal_ = Refusal{431, "a chunk's line or the trailers are too large"};
    return {};
  }
  if (end == 0 || input[end - 1] != '\r') {
    refuse("a line of a chunk does not end in CR LF");
    return {};
  }
  const std::string_view line = input.substr(0, end - 1);
  if (state_ == State::kTrailer) {
    line_limit_ -= end + 1;
    read_trailer(line);
  } else {
    begin_chunk(line);
  }
  return {{}, end + 1};
}

BodyDecoder::Piece BodyDecoder::take_data(std::string_view input, State after) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= count;
  if (left_ == 0) state_ = after;
  return {input.substr(0, count), count};
}

// "1a" or "1a;name=value": extensions mean nothing to us, but must stay within their line.
void BodyDecoder::begin_chunk(std::string_view line) {
  const std::size_t size_end = std::min(line.find(';'), line.size());
  const auto size = to_number<std::uint64_t>(line.substr(0, size_end), 16);
  // Sizes that only a sum overflowing could accept are no sizes.
  if (!size || size_end > 16 || *size > std::numeric_limits<std::int64_t>::max() - announced_)
    return refuse("malformed chunk size");
  if (has_control(line)) return refuse("control character in a chunk extension");
  announced_ += *size;
  left_ = *size;
  state_ = *size == 0 ? State::kTrailer : State::kChunkData;
}

void BodyDecoder::read_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::kDone;
    return;
  }
  const std::string_view name = line.substr(0, line.find(':'));
  if (name.empty() || name.size() == line.size() || name.find_first_of(" \t") != name.npos ||
      has_control(line))
    refuse("malformed trailer");
}

}  // namespace plimsoll::http
