#include "base/read_file.h"

#include <unistd.h>

namespace plimsoll {

Result<std::string_view> ReadBuffer::read_all(const Fd& fd, std::string_view name) {
  std::size_t used = 0;
  for (;;) {
    if (bytes_.size() - used < kChunk) bytes_.resize(bytes_.size() + kChunk);
    const ssize_t n = ::read(fd.get(), bytes_.data() + used, bytes_.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", name);
    if (n == 0) return std::string_view(bytes_.data(), used);
    used += static_cast<std::size_t>(n);
  }
}

Result<std::string_view> ReadBuffer::pread_all(const Fd& fd, std::string_view name) {
  std::size_t used = 0;
  for (;;) {
    if (bytes_.size() - used < kChunk) bytes_.resize(bytes_.size() + kChunk);
    const std::size_t room = bytes_.size() - used;
    const ssize_t n = ::pread(fd.get(), bytes_.data() + used, room, static_cast<off_t>(used));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("pread", name);
    if (n == 0) return std::string_view(bytes_.data(), used);
    used += static_cast<std::size_t>(n);
  }
}

Result<std::string_view> ReadBuffer::read_at(const DirFd& dir, const char* name) {
  const Fd fd = PLIMSOLL_TRY(open_at(dir, name, O_RDONLY));
  return read_all(fd, name);
}

Result<std::string> read_file_at(const DirFd& dir, const char* name, std::size_t max_bytes) {
  const Fd fd = PLIMSOLL_TRY(open_at(dir, name, O_RDONLY));
  std::string text;
  char chunk[8192];
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", name);
    if (n == 0) return text;
    if (text.size() + static_cast<std::size_t>(n) > max_bytes)
      return failure(ErrorKind::kRejected, "read",
                     std::string(name) + ": larger than " + std::to_string(max_bytes) + " bytes");
    text.append(chunk, static_cast<std::size_t>(n));
  }
}

}  // namespace plimsoll
