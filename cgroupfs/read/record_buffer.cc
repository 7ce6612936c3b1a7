#include "cgroupfs/read/record_buffer.h"

#include <unistd.h>

namespace plimsoll::cgroupfs {

Result<std::string_view> RecordBuffer::read(const Fd& fd, Records records, std::string_view name) {
  std::size_t used = 0;
  for (;;) {
    const std::size_t room = bytes_.size() - used;
    const ssize_t n = ::pread(fd.get(), bytes_.data() + used, room, static_cast<off_t>(used));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("pread", name);
    used += static_cast<std::size_t>(n);
    if (n == 0 || (records == Records::kOne && used < bytes_.size()))
      return std::string_view(bytes_.data(), used);
    if (used == bytes_.size()) bytes_.resize(bytes_.size() * 2);
  }
}

}  // namespace plimsoll::cgroupfs
