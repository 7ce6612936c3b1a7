#include "exporter/stream/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/error.h"

namespace plimsoll::exporter {

namespace {

// The fastest: a frame of JSON becomes a tenth or a twentieth all the same.
constexpr int kLevel = 1;
// Raw deflate of the largest window: head and trailer are ours.
constexpr int kRawWindow = -15;
constexpr int kMemory = 8;

// A block's length has 16 bits.
constexpr std::size_t kMaxStored = 0xFFFF;

void append_little_endian(std::string& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

std::uint32_t crc_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace

StreamPart plain_part(std::string text) {
  return {.bytes = std::make_shared<const std::string>(std::move(text))};
}

StreamPart stored_part(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() + (text.size() / kMaxStored + 1) * 5);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view block = rest.substr(0, kMaxStored);
    bytes.push_back('\0');  // Not the last, stored.
    append_little_endian(bytes, block.size(), 2);
    append_little_endian(bytes, ~block.size(), 2);
    bytes.append(block);
    rest.remove_prefix(block.size());
  }
  return {.bytes = std::make_shared<const std::string>(std::move(bytes)),
          .crc = crc_of(text),
          .size = text.size()};
}

struct PartDeflater::State {
  z_stream stream{};
};

PartDeflater::PartDeflater() : state_(std::make_unique<State>()) {
  const int done =
      ::deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kRawWindow, kMemory, Z_DEFAULT_STRATEGY);
  if (done == Z_MEM_ERROR) throw std::bad_alloc();
  PLIMSOLL_CHECK(done == Z_OK);
}

PartDeflater::~PartDeflater() {
  ::deflateEnd(&state_->stream);
}

StreamPart PartDeflater::deflate(std::string_view text) {
  z_stream& stream = state_->stream;
  PLIMSOLL_CHECK(::deflateReset(&stream) == Z_OK);
  std::string bytes;
  // A view's frames are smaller than 4 GiB: a container is some KiB.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  do {
    const std::size_t used = bytes.size();
    bytes.resize(used + std::max<std::size_t>(text.size() / 8, 4096));
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + used);
    stream.avail_out = static_cast<uInt>(bytes.size() - used);
    // Z_BUF_ERROR: all was written, and exactly filled what there was room for.
    const int done = ::deflate(&stream, Z_FULL_FLUSH);
    PLIMSOLL_CHECK(done == Z_OK || done == Z_BUF_ERROR);
    bytes.resize(bytes.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  bytes.shrink_to_fit();
  return {.bytes = std::make_shared<const std::string>(std::move(bytes)),
          .crc = crc_of(text),
          .size = text.size()};
}

std::shared_ptr<const std::string> gzip_stream_head() {
  // Magic, deflate, no flags, no time, nothing of the compressor, Unix.
  static constexpr std::array<char, 10> kHead = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, 3};
  static const auto head = std::make_shared<const std::string>(kHead.data(), kHead.size());
  return head;
}

void GzipStreamEnd::add(const StreamPart& part) {
  crc_ =
      static_cast<std::uint32_t>(::crc32_combine(crc_, part.crc, static_cast<z_off_t>(part.size)));
  size_ += part.size;
}

std::shared_ptr<const std::string> GzipStreamEnd::bytes() const {
  std::string end = {'\x03', '\0'};  // The last block, which is empty.
  append_little_endian(end, crc_, 4);
  append_little_endian(end, size_, 4);
  return std::make_shared<const std::string>(std::move(end));
}

}  // namespace plimsoll::exporter
