// A gzip stream (RFC 1952) of parts that are compressed once and sent to many clients, each of whom
// may get any of them after any other: a part refers to nothing before it and ends on a byte (RFC
// 1951, zlib's Z_FULL_FLUSH), so that it can be read as soon as it is there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plimsoll::exporter {

struct StreamPart {
  std::shared_ptr<const std::string> bytes;  // As sent.
  // Of the text, if it is compressed: the trailer tells both.
  std::uint32_t crc = 0;
  std::uint64_t size = 0;
};

// Not compressed at all.
[[nodiscard]] StreamPart plain_part(std::string text);
// Part of a gzip stream, but not made smaller: for what one client gets. A few bytes longer.
[[nodiscard]] StreamPart stored_part(std::string_view text);

// Keeps the compressor's memory (256 KiB) from part to part.
class PartDeflater {
 public:
  PartDeflater();
  ~PartDeflater();
  PartDeflater(const PartDeflater&) = delete;
  PartDeflater& operator=(const PartDeflater&) = delete;

  [[nodiscard]] StreamPart deflate(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What stands before one client's first part, and after its last.
[[nodiscard]] std::shared_ptr<const std::string> gzip_stream_head();
class GzipStreamEnd {
 public:
  void add(const StreamPart& part);
  [[nodiscard]] std::shared_ptr<const std::string> bytes() const;

 private:
  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace plimsoll::exporter
