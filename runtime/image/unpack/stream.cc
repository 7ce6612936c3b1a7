#include "runtime/image/unpack/stream.h"

#include <archive.h>

namespace plimsoll::image::unpack {

namespace {

constexpr std::size_t kBlock = std::size_t{128} << 10U;

Failure archive_failure(archive* reader, const char* op) {
  const char* const text = ::archive_error_string(reader);
  return Failure(
      Error{ErrorKind::kInvalidInput, 0, op, text == nullptr ? "unreadable" : text, Where::here()});
}

}  // namespace

void FreeArchive::operator()(archive* reader) const {
  ::archive_read_free(reader);
}

Result<std::unique_ptr<Stream>> Stream::open(int fd, const Limits& limits) {
  std::unique_ptr<Stream> stream(new Stream(limits));
  stream->archive_.reset(::archive_read_new());
  archive* const reader = stream->archive_.get();
  PLIMSOLL_CHECK(reader != nullptr);
  // ARCHIVE_WARN: by an external program, which the filter of system calls forbids.
  for (const auto support :
       {::archive_read_support_filter_gzip, ::archive_read_support_filter_bzip2,
        ::archive_read_support_filter_xz, ::archive_read_support_filter_zstd,
        ::archive_read_support_format_raw, ::archive_read_support_format_empty})
    if (support(reader) != ARCHIVE_OK) return archive_failure(reader, "archive filter");
  if (::archive_read_open_fd(reader, fd, kBlock) != ARCHIVE_OK)
    return archive_failure(reader, "open the archive");
  archive_entry* entry = nullptr;
  const int found = ::archive_read_next_header(reader, &entry);
  if (found == ARCHIVE_EOF) {
    stream->at_end_ = true;
  } else if (found != ARCHIVE_OK) {
    return archive_failure(reader, "read the archive");
  }
  return stream;
}

Result<std::string_view> Stream::next() {
  if (at_end_) return std::string_view();
  archive* const reader = archive_.get();
  const la_ssize_t n = ::archive_read_data(reader, buffer_.data(), buffer_.size());
  if (n < 0) return archive_failure(reader, "decompress");
  at_end_ = n == 0;
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
  hasher_.update(bytes);
  bytes_ += bytes.size();
  if (bytes_ > limits_.bytes)
    return invalid_input("unpack",
                         "the archive is longer than " + std::to_string(limits_.bytes) + " bytes");
  const auto compressed = static_cast<std::uint64_t>(::archive_filter_bytes(reader, -1));
  if (bytes_ > limits_.free_bytes && bytes_ / limits_.ratio > compressed)
    return invalid_input("unpack", "the archive decompresses to more than " +
                                       std::to_string(limits_.ratio) + " times its size");
  return bytes;
}

Result<> Stream::drain() {
  for (;;) {
    const std::string_view bytes = PLIMSOLL_TRY(next());
    if (bytes.empty()) return {};
  }
}

}  // namespace plimsoll::image::unpack
