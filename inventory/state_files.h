// The runtimes' files on the host: opened below one root, read whole, never waited for. Counts what
// it does. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace plimsoll::inventory {

struct StateFile {
  std::string text;
  WallTime modified;
  // Changes whenever the file is written or replaced: inode, size, mtime and ctime, mixed.
  std::uint64_t version = 0;
};

// Errors: kNotOffered when a part of the path is missing, kDenied when we may not, kRejected when
// it is no regular file (a rootless user may put a FIFO in the way) or larger than allowed.
class StateFiles {
 public:
  // `host_root` is "" or a directory like "/host" below which absolute paths, and absolute symbolic
  // links on their way, are resolved.
  explicit StateFiles(std::string host_root) : host_root_(std::move(host_root)) {}

  [[nodiscard]] Result<StateFile> read(const std::string& path,
                                       std::size_t max_bytes = std::size_t{16} << 20);
  [[nodiscard]] Result<std::uint64_t> version(const std::string& path);
  // Anything of that name: file, directory, socket.
  [[nodiscard]] bool exists(const std::string& path);
  // Names in a directory, without "." and "..", sorted.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path);

  [[nodiscard]] const std::string& host_root() const { return host_root_; }
  [[nodiscard]] std::uint64_t reads() const { return reads_; }
  [[nodiscard]] std::uint64_t checks() const { return checks_; }

 private:
  [[nodiscard]] Result<Fd> open(const std::string& path, int flags);

  std::string host_root_;
  DirFd root_;  // Opened at the first use when host_root is not "".
  std::uint64_t reads_ = 0;
  std::uint64_t checks_ = 0;
};

}  // namespace plimsoll::inventory
