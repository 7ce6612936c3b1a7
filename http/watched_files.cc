#include "http/watched_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/fd.h"

namespace plimsoll::http {

namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

WatchedFiles::Seen WatchedFiles::look(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
               nanoseconds(status.st_ctim)};
}

bool WatchedFiles::changed() const {
  return std::ranges::any_of(seen_,
                             [](const auto& file) { return look(file.first) != file.second; });
}

std::vector<std::string> WatchedFiles::denied() const {
  std::vector<std::string> denied;
  for (const auto& [path, stamp] : seen_) {
    // Opened, since access(2) asks for the real user and without capabilities.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd && (errno == EACCES || errno == EPERM)) denied.push_back(path);
  }
  return denied;
}

Result<std::string> WatchedFiles::read(const std::string& path) {
  // Before opening: what changes from now on is seen as a change.
  seen_[path] = look(path);
  // Links are followed, as secrets are mounted by links; a FIFO must not make us wait.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return os_failure("open", path);
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", path);
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > kMost)
      return failure(ErrorKind::kRejected, "read",
                     path + ": larger than " + std::to_string(kMost) + " bytes");
  }
}

}  // namespace plimsoll::http
