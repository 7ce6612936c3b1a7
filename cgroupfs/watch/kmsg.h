// The kernel's log: /dev/kmsg, read without waiting, from the oldest record that the ring still
// has, or from now on. Source: Documentation/ABI/testing/dev-kmsg; kernel/printk/printk.c.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"

namespace plimsoll::cgroupfs {

// "6,649,5339589974,-;oom-kill:constraint=...": priority and facility, sequence number,
// microseconds since boot, flags; then the text, in which what is not printable ASCII is \xHH.
struct KmsgRecord {
  // Facility 0. Whoever may write to /dev/kmsg can put lines into the log, but none like this.
  bool from_kernel = false;
  std::uint64_t sequence = 0;
  std::uint64_t usec = 0;  // On the clock of printk, which is CLOCK_MONOTONIC but for some drift.
  bool fragment = false;   // Goes on where the record before it stopped.
  std::string_view text;   // Still escaped.
  bool operator==(const KmsgRecord&) const = default;
};
// One line, without '\n'. Pure.
[[nodiscard]] Result<KmsgRecord> parse_kmsg_record(std::string_view line);
// \xHH become bytes; a backslash of another kind stays. Pure.
[[nodiscard]] std::string unescape_kmsg(std::string_view text);

struct KernelLogStats {
  bool wanted = false;  // A log was named.
  bool readable = false;
  std::uint64_t records = 0;  // Read since the start.
  std::uint64_t lost = 0;     // Overwritten before we read them.
  std::uint64_t malformed = 0;
  std::string error;  // Why it is not readable.
};

class KernelLog {
 public:
  enum class From : std::uint8_t {
    kOldest,  // What the ring still has, first.
    kNow      // Only what comes after the log was opened.
  };
  // "" for none. A plain file or FIFO of the same lines serves as well.
  explicit KernelLog(std::string path, From from = From::kOldest)
      : path_(std::move(path)), from_(from) {
    stats_.wanted = !path_.empty();
  }

  using Each = std::function<void(const KmsgRecord&)>;
  enum class Drained : std::uint8_t {
    kAll,     // There was nothing more.
    kPart,    // There is more: a flood must not hold the sampler up.
    kNothing  // It cannot be read; tried again now and then.
  };
  // Calls `each` for every record that is new since the last time, up to a limit.
  Drained drain(MonoTime now, const Each& each);
  [[nodiscard]] const KernelLogStats& stats() const { return stats_; }
  // For poll(): readable when there is a record. -1 before the first drain() and while the log
  // cannot be read.
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  enum class Chunk : std::uint8_t { kSome, kEnd, kBroken };
  [[nodiscard]] bool open(MonoTime now);
  [[nodiscard]] Chunk read_chunk();
  std::size_t take_lines(const Each& each);
  void take_line(std::string_view line, const Each& each);

  std::string path_;
  From from_;
  Fd fd_;
  std::optional<MonoTime> retry_at_;
  std::optional<std::uint64_t> sequence_;  // Of the last record.
  std::string text_;                       // Read, not yet taken: from a file perhaps half a line.
  KernelLogStats stats_;
};

}  // namespace plimsoll::cgroupfs
