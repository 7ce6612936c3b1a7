// A container's log on disk: appended to, and rotated as Docker rotates: x, x.1, x.2 ...
//
// A log that cannot be written never holds the container: what is lost is counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace plimsoll::shim {

struct LogLimits {
  std::uint64_t max_bytes = 0;  // Of one file; 0: no rotation.
  unsigned max_files = 1;       // The one that is written among them.
};

class LogFile {
 public:
  // Nothing is written to an empty path.
  [[nodiscard]] static Result<LogFile> open(std::string path, LogLimits limits);

  // Whole lines; a new file is begun before a line that would make it longer than max_bytes. A line
  // that is longer by itself has one of its own.
  void append(std::string_view lines);
  [[nodiscard]] std::uint64_t lost() const { return lost_; }  // Bytes.

 private:
  LogFile(std::string path, LogLimits limits) : path_(std::move(path)), limits_(limits) {}
  Result<> reopen(int flags);
  void rotate();
  void write(std::string_view lines);

  std::string path_;
  LogLimits limits_;
  Fd file_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace plimsoll::shim
