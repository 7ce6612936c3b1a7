#include "cgroupfs/watch/kmsg.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/number.h"

namespace plimsoll::cgroupfs {

namespace {

// A flood of a million lines a second costs a tick some milliseconds and not more. A whole ring of
// the usual size is read in a few calls.
constexpr std::size_t kMostRecords = 4096;
// The kernel's longest record, text and dictionary (CONSOLE_EXT_LOG_MAX), is 8 KiB; it refuses to
// read into less.
constexpr std::size_t kChunk = std::size_t{16} * 1024;
constexpr std::size_t kLongestLine = std::size_t{64} * 1024;  // Of a file that is no log.
constexpr std::chrono::seconds kRetry(60);

// Takes a field that ends with ','.
std::optional<std::string_view> take_field(std::string_view& line) {
  const std::size_t comma = line.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view field = line.substr(0, comma);
  line.remove_prefix(comma + 1);
  return field;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<KmsgRecord> parse_kmsg_record(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  if (semicolon == std::string_view::npos) return malformed(line);
  std::string_view head = line.substr(0, semicolon);
  const auto priority = take_field(head);
  const auto sequence = take_field(head);
  const auto usec = take_field(head);
  if (!priority || !sequence || !usec) return malformed(line);
  const auto number = to_number<std::uint32_t>(*priority);
  const auto place = to_number<std::uint64_t>(*sequence);
  const auto time = to_number<std::uint64_t>(*usec);
  if (!number || !place || !time) return malformed(line);
  KmsgRecord record;
  record.from_kernel = *number < 8;  // Eight levels of facility 0.
  record.sequence = *place;
  record.usec = *time;
  // What follows the flags (",caller=T123" and whatever comes) is not for us.
  const std::string_view flags = head.substr(0, head.find(','));
  record.fragment = flags.find_first_of("c+") != std::string_view::npos;
  record.text = line.substr(semicolon + 1);
  return record;
}

std::string unescape_kmsg(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.size() >= 4 && text.starts_with("\\x") && hex_digit(text[2]) >= 0 &&
        hex_digit(text[3]) >= 0) {
      out += static_cast<char>(hex_digit(text[2]) * 16 + hex_digit(text[3]));
      text.remove_prefix(4);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

bool KernelLog::open(MonoTime now) {
  if (fd_) return true;
  if (path_.empty() || (retry_at_ && now < *retry_at_)) return false;
  const int fd = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    stats_.error = os_failure("open", path_).error().message();
    stats_.readable = false;
    retry_at_ = now + kRetry;
    return false;
  }
  fd_ = Fd(fd);
  // Once: whoever comes back after a failure wants what came meanwhile. A FIFO has no past.
  if (std::exchange(from_, From::kOldest) == From::kNow) (void)::lseek(fd_.get(), 0, SEEK_END);
  stats_.readable = true;
  stats_.error.clear();
  return true;
}

// /dev/kmsg gives one record per call, a file as much as fits.
KernelLog::Chunk KernelLog::read_chunk() {
  const std::size_t used = text_.size();
  int failed = 0;
  ssize_t got = 0;
  text_.resize_and_overwrite(used + kChunk, [&](char* text, std::size_t) {
    do {
      got = ::read(fd_.get(), text + used, kChunk);
      failed = got < 0 ? errno : 0;
    } while (failed == EINTR);
    return used + static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  });
  if (got > 0 || failed == EPIPE)
    return Chunk::kSome;  // EPIPE: overwritten; the next one is there.
  if (failed == 0 || failed == EAGAIN) return Chunk::kEnd;
  if (failed == EINVAL) return Chunk::kSome;  // A record too long for us is passed over.
  stats_.error = os_failure("read", path_, failed).error().message();
  return Chunk::kBroken;
}

void KernelLog::take_line(std::string_view line, const Each& each) {
  if (line.empty() || line.front() == ' ') return;  // The record's dictionary.
  const Result<KmsgRecord> record = parse_kmsg_record(line);
  if (!record) {
    ++stats_.malformed;
    return;
  }
  ++stats_.records;
  if (sequence_ && record->sequence > *sequence_ + 1)
    stats_.lost += record->sequence - *sequence_ - 1;
  sequence_ = record->sequence;
  each(*record);
}

std::size_t KernelLog::take_lines(const Each& each) {
  std::size_t lines = 0;
  std::size_t begin = 0;
  for (std::size_t end = text_.find('\n'); end != std::string::npos;
       end = text_.find('\n', begin), ++lines) {
    take_line(std::string_view(text_).substr(begin, end - begin), each);
    begin = end + 1;
  }
  text_.erase(0, begin);
  if (text_.size() > kLongestLine) {
    ++stats_.malformed;
    text_.clear();
  }
  return lines;
}

KernelLog::Drained KernelLog::drain(MonoTime now, const Each& each) {
  if (!open(now)) return Drained::kNothing;
  std::size_t records = 0;
  for (std::size_t calls = 0; calls < kMostRecords && records < kMostRecords; ++calls) {
    switch (read_chunk()) {
      case Chunk::kSome:
        records += take_lines(each);
        continue;
      case Chunk::kEnd:
        return Drained::kAll;
      case Chunk::kBroken:
        fd_.reset();
        stats_.readable = false;
        retry_at_ = now + kRetry;
        return Drained::kNothing;
    }
  }
  return Drained::kPart;
}

}  // namespace plimsoll::cgroupfs
