#include "runtime/engine/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::engine {
namespace {

constexpr std::size_t kChunk = std::size_t{64} * 1024;

void append_code_point(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

std::optional<std::uint32_t> hex_of(std::string_view& json) {
  if (json.size() < 4) return std::nullopt;
  const auto value = to_number<std::uint32_t>(json.substr(0, 4), 16);
  json.remove_prefix(4);
  return value;
}

// The string that begins at the quote; `json` is left behind its end. Other writers' logs, too.
std::optional<std::string> take_string(std::string_view& json) {
  if (!json.starts_with('"')) return std::nullopt;
  json.remove_prefix(1);
  std::string out;
  for (;;) {
    const std::size_t plain = std::min(json.find_first_of("\"\\"), json.size());
    out += json.substr(0, plain);
    json.remove_prefix(plain);
    if (json.empty()) return std::nullopt;
    const bool ends = json.front() == '"';
    json.remove_prefix(1);
    if (ends) return out;
    if (json.empty()) return std::nullopt;
    const char c = json.front();
    json.remove_prefix(1);
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        auto code = hex_of(json);
        if (!code) return std::nullopt;
        if (*code >= 0xD800 && *code < 0xDC00 && json.starts_with("\\u")) {
          json.remove_prefix(2);
          const auto low = hex_of(json);
          if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
          code = 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00);
        }
        append_code_point(out, *code);
        break;
      }
      default:
        out += c;
    }
  }
}

bool skip(std::string_view& json, std::string_view expected) {
  if (!json.starts_with(expected)) return false;
  json.remove_prefix(expected.size());
  return true;
}

}  // namespace

// {"log":"hello\n","stream":"stdout","time":"2026-11-20T23:33:55.123456789Z"}
std::optional<LogLine> parse_log_line(std::string_view json) {
  LogLine line;
  if (!skip(json, "{\"log\":")) return std::nullopt;
  auto text = take_string(json);
  if (!text || !skip(json, ",\"stream\":\"")) return std::nullopt;
  line.text = *std::move(text);
  if (skip(json, "stderr\","))
    line.stream = Output::Stream::kStderr;
  else if (!skip(json, "stdout\","))
    return std::nullopt;
  if (!skip(json, "\"time\":\"")) return std::nullopt;
  line.time_text = json.substr(0, json.find('"'));
  const auto time = parse_rfc3339(line.time_text);
  if (!time) return std::nullopt;
  line.time = *time;
  return line;
}

std::string LogCursor::name_of(unsigned index) const {
  return index == 0 ? path_ : path_ + "." + std::to_string(index);
}

bool LogCursor::open(unsigned index, off_t offset) {
  Fd file(::open(name_of(index).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat facts{};
  if (!file || ::fstat(file.get(), &facts) != 0) return false;
  file_ = std::move(file);
  inode_ = facts.st_ino;
  offset_ = offset;
  buffer_.clear();
  taken_ = 0;
  return true;
}

void LogCursor::from_start() {
  unsigned oldest = 0;
  while (::access(name_of(oldest + 1).c_str(), F_OK) == 0) ++oldest;
  open(oldest, 0);
}

void LogCursor::from_tail(std::uint64_t lines) {
  std::vector<char> block(kChunk);
  std::uint64_t seen = 0;
  for (unsigned index = 0;; ++index) {
    if (!open(index, 0)) {
      // There are not so many: all of the oldest.
      if (index != 0) open(index - 1, 0);
      return;
    }
    off_t end = ::lseek(file_.get(), 0, SEEK_END);
    const off_t size = end;
    while (end > 0) {
      const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(kChunk));
      const ssize_t count =
          ::pread(file_.get(), block.data(), static_cast<std::size_t>(end - begin), begin);
      if (count != end - begin) break;
      for (ssize_t i = count; i-- > 0;) {
        // The newline that ends the last line stands before nothing.
        if (block[static_cast<std::size_t>(i)] != '\n' || begin + i + 1 == size) continue;
        if (++seen < lines) continue;
        if (lines != 0) {
          offset_ = begin + i + 1;
          return;
        }
      }
      end = begin;
    }
    if (lines == 0) {
      offset_ = size;
      return;
    }
    if (size > 0 && ++seen >= lines) return;  // The file's first line.
  }
}

bool LogCursor::fill() {
  if (!file_) return open(0, 0) && fill();
  buffer_.erase(0, taken_);
  taken_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kChunk);
  const ssize_t count = ::pread(file_.get(), buffer_.data() + had, kChunk, offset_);
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count <= 0) return false;
  offset_ += count;
  return true;
}

// At the end of a file that was renamed: the next newer one, or the same if it was begun anew.
bool LogCursor::move_on() {
  if (!file_) return false;
  struct stat facts{};
  if (::stat(path_.c_str(), &facts) != 0) return false;
  if (facts.st_ino == inode_) {
    if (facts.st_size >= offset_) return false;
    return open(0, 0);
  }
  unsigned newest_older = 0;
  for (unsigned index = 1; ::stat(name_of(index).c_str(), &facts) == 0; ++index) {
    newest_older = index;
    if (facts.st_ino == inode_) return open(index - 1, 0);
  }
  return open(newest_older, 0);
}

std::optional<std::string_view> LogCursor::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n', taken_);
    if (end != std::string::npos) {
      const std::string_view line = std::string_view(buffer_).substr(taken_, end - taken_);
      taken_ = end + 1;
      return line;
    }
    if (!fill() && !move_on()) return std::nullopt;
  }
}

LogFilter::Verdict LogFilter::judge(const LogLine& line) const {
  if (options_.until && line.time > *options_.until) return Verdict::kEnd;
  if (options_.since && line.time < *options_.since) return Verdict::kSkip;
  const bool wanted =
      line.stream == Output::Stream::kStdout ? options_.stdout_too : options_.stderr_too;
  return wanted ? Verdict::kTake : Verdict::kSkip;
}

std::string LogFilter::render(const LogLine& line) const {
  std::string text;
  if (options_.timestamps) text.append(line.time_text) += ' ';
  if (options_.details) text.append(details_) += ' ';
  return text += line.text;
}

}  // namespace plimsoll::engine
