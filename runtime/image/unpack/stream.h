// The bytes of an archive, decompressed, counted and digested on their way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/image/digest.h"
#include "runtime/image/unpack/limits.h"

struct archive;

namespace plimsoll::image::unpack {

struct FreeArchive {
  void operator()(archive* reader) const;
};
using Archive = std::unique_ptr<archive, FreeArchive>;

class Stream {
 public:
  // Plain, gzip, bzip2, xz or zstd from the descriptor, which stays the caller's. Never a program
  // of the host's: libarchive knows more filters, and runs commands for some.
  [[nodiscard]] static Result<std::unique_ptr<Stream>> open(int fd, const Limits& limits);

  // Empty: the end. The view is good until the next call.
  [[nodiscard]] Result<std::string_view> next();
  // Reads what is left, so that the digest is that of everything.
  [[nodiscard]] Result<> drain();
  [[nodiscard]] std::string digest() { return hasher_.finish(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  explicit Stream(const Limits& limits) : limits_(limits), buffer_(kChunk) {}
  static constexpr std::size_t kChunk = std::size_t{256} << 10U;

  Archive archive_;
  Limits limits_;
  std::vector<char> buffer_;
  Hasher hasher_;
  std::uint64_t bytes_ = 0;
  bool at_end_ = false;
};

}  // namespace plimsoll::image::unpack
