// Reading a kernel or state file whole. STYLE: only 0 is the end, a short read is not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll {

// Reused from file to file by one reader; a view is good until the next read. Not for sharing
// between threads.
class ReadBuffer {
 public:
  // Reads from the current offset until end of file.
  [[nodiscard]] Result<std::string_view> read_all(const Fd& fd, std::string_view name);
  // Reads from offset 0 with pread: for files held open. ENODEV (kGone) when the cgroup was
  // removed.
  [[nodiscard]] Result<std::string_view> pread_all(const Fd& fd, std::string_view name);
  // Opens `name` relative to `dir`, reads it whole, closes it.
  [[nodiscard]] Result<std::string_view> read_at(const DirFd& dir, const char* name);

  // Bytes reserved now; it grows to the largest file seen plus one chunk.
  [[nodiscard]] std::size_t capacity() const { return bytes_.size(); }

 private:
  static constexpr std::size_t kChunk = std::size_t{16} * 1024;
  std::vector<char> bytes_;
};

// A whole file as a string, at most `max_bytes` (a longer file is kRejected: the caller names what
// it expected).
[[nodiscard]] Result<std::string> read_file_at(const DirFd& dir, const char* name,
                                               std::size_t max_bytes = std::size_t{16} << 20);

}  // namespace plimsoll
