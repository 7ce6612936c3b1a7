// Reading what a keeper wrote: the json-file log with its rotated predecessors.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "runtime/engine/process.h"

namespace plimsoll::engine {

struct LogLine {
  Output::Stream stream = Output::Stream::kStdout;
  std::string text;  // With its newline, if it has one.
  std::string_view time_text;
  WallTime time;
};
// Nothing: no line of a log (half written by a dead machine). Pure.
[[nodiscard]] std::optional<LogLine> parse_log_line(std::string_view json);

// A walk through a log's files, the oldest first. Not thread-safe.
class LogCursor {
 public:
  explicit LogCursor(std::string path) : path_(std::move(path)) {}

  void from_start();
  // So that `lines` of them are left.
  void from_tail(std::uint64_t lines);
  // The next whole line, without its newline; good until the next call. Nothing: none yet.
  [[nodiscard]] std::optional<std::string_view> next();

 private:
  [[nodiscard]] std::string name_of(unsigned index) const;
  bool open(unsigned index, off_t offset);
  bool fill();
  bool move_on();

  std::string path_;
  Fd file_;
  ino_t inode_ = 0;
  off_t offset_ = 0;    // Of the end of buffer_, in the file.
  std::string buffer_;  // What is read; from taken_ on not yet given.
  std::size_t taken_ = 0;
};

// Options applied to lines, in order. False from the answer: `until` is passed.
class LogFilter {
 public:
  LogFilter(const LogOptions& options, std::string details)
      : options_(options), details_(std::move(details)) {}
  enum class Verdict : std::uint8_t { kTake, kSkip, kEnd };
  [[nodiscard]] Verdict judge(const LogLine& line) const;
  [[nodiscard]] std::string render(const LogLine& line) const;

 private:
  LogOptions options_;
  std::string details_;
};

}  // namespace plimsoll::engine
