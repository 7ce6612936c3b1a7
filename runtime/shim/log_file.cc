#include "runtime/shim/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <tuple>
#include <utility>

namespace plimsoll::shim {

Result<LogFile> LogFile::open(std::string path, LogLimits limits) {
  LogFile log(std::move(path), limits);
  if (!log.path_.empty()) PLIMSOLL_TRY(log.reopen(0));
  return log;
}

Result<> LogFile::reopen(int flags) {
  const int fd =
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
  if (fd < 0) return os_failure("open", path_);
  file_ = Fd(fd);
  struct stat facts{};
  size_ = ::fstat(fd, &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
  return {};
}

// x.2 to x.3, x.1 to x.2, x to x.1. With one file there is nothing to keep.
void LogFile::rotate() {
  for (unsigned i = limits_.max_files; i-- > 1;) {
    const std::string from = i == 1 ? path_ : path_ + "." + std::to_string(i - 1);
    std::ignore = ::rename(from.c_str(), (path_ + "." + std::to_string(i)).c_str());
  }
  // Without a new file the old one goes on: a longer log is better than none.
  std::ignore = reopen(O_TRUNC);
}

void LogFile::append(std::string_view lines) {
  if (path_.empty()) return;
  while (limits_.max_bytes != 0 && size_ + lines.size() > limits_.max_bytes) {
    const std::uint64_t room = limits_.max_bytes - std::min(size_, limits_.max_bytes);
    // With its newline it still fits.
    const std::size_t end = room == 0 ? std::string_view::npos : lines.rfind('\n', room - 1);
    std::size_t fitting = end == std::string_view::npos ? 0 : end + 1;
    if (fitting == 0 && size_ == 0) fitting = std::min(lines.find('\n'), lines.size() - 1) + 1;
    write(lines.substr(0, fitting));
    lines.remove_prefix(fitting);
    if (lines.empty()) return;
    rotate();
    if (size_ != 0) break;  // There is no new one.
  }
  write(lines);
}

void LogFile::write(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t count = ::write(file_.get(), lines.data(), lines.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      lost_ += lines.size();
      return;
    }
    size_ += static_cast<std::uint64_t>(count);
    lines.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace plimsoll::shim
