#include "exporter/metrics/process_stats.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <span>

#include "base/number.h"
#include "base/text.h"
#include "exporter/metrics/print.h"

namespace plimsoll::exporter {

namespace {

// A file that surely fits; the stack instead of a ReadBuffer, since a scrape allocates nothing.
std::string_view read_small(const DirFd& proc, const char* name, std::span<char> room) {
  const Result<Fd> fd = open_at(proc, name, O_RDONLY);
  if (!fd) return {};
  std::size_t used = 0;
  while (used < room.size()) {
    const ssize_t n = ::read(fd->get(), room.data() + used, room.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    used += static_cast<std::size_t>(n);
  }
  return {room.data(), used};
}

// Entries of an open directory but "." and "..".
std::optional<std::uint64_t> count_entries(const Fd& dir) {
  std::uint64_t count = 0;
  alignas(std::uint64_t) std::array<char, 8192> room{};
  for (;;) {
    const long n = ::syscall(SYS_getdents64, dir.get(), room.data(), room.size());
    if (n < 0) return std::nullopt;
    if (n == 0) return count >= 2 ? count - 2 : 0;
    // struct linux_dirent64: ino 8, off 8, reclen 2, ...
    for (std::size_t at = 0; at < static_cast<std::size_t>(n); ++count) {
      std::uint16_t length = 0;
      std::memcpy(&length, room.data() + at + 16, sizeof length);
      at += length;
    }
  }
}

std::optional<std::uint64_t> count_open_fds(const DirFd& proc) {
  const Result<Fd> dir = open_at(proc, "self/fd", O_RDONLY | O_DIRECTORY);
  if (!dir) return std::nullopt;
  // Since Linux 6.2 the directory's size is the number of descriptors; before, it is 0, and in a
  // recorded tree it means something else.
  struct ::statfs kind{};
  struct ::stat facts{};
  const bool is_proc = ::fstatfs(dir->get(), &kind) == 0 && kind.f_type == PROC_SUPER_MAGIC;
  std::optional<std::uint64_t> count;
  if (is_proc && ::fstat(dir->get(), &facts) == 0 && facts.st_size > 0)
    count = static_cast<std::uint64_t>(facts.st_size);
  else
    count = count_entries(*dir);
  if (is_proc && count) --*count;  // Without the one that counts.
  return count;
}

}  // namespace

Result<ProcessStats> parse_process_stat(std::string_view text, ProcessUnits units) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return malformed(text);
  std::string_view rest = trim(text.substr(name_end + 1));
  // proc_pid_stat(5) numbers the fields from 1; the first after the name is field 3.
  std::array<std::uint64_t, 25> field{};
  for (std::size_t i = 3; i < field.size(); ++i) {
    std::string_view word;
    if (!next_word(rest, word)) return malformed(text);
    if (i == 3 || word.starts_with('-')) continue;  // State is a letter; priorities may be < 0.
    const auto number = to_number<std::uint64_t>(word);
    if (!number) return malformed(text);
    field[i] = *number;
  }
  const auto ticks_to_ns = [&](std::uint64_t ticks) {
    return ticks / units.ticks_per_second * kNano +
           ticks % units.ticks_per_second * kNano / units.ticks_per_second;
  };
  ProcessStats stats;
  stats.cpu_ns = ticks_to_ns(field[14] + field[15]);  // utime, stime
  stats.threads = field[20];
  stats.start_ns = ticks_to_ns(field[22]);
  stats.virtual_bytes = field[23];
  stats.resident_bytes = field[24] * units.page_bytes;
  return stats;
}

std::optional<std::uint64_t> parse_max_open_files(std::string_view text) {
  constexpr std::string_view kName = "Max open files";
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with(kName)) continue;
    line.remove_prefix(kName.size());
    std::string_view soft;
    if (!next_word(line, soft)) return std::nullopt;
    return to_number<std::uint64_t>(soft);
  }
  return std::nullopt;
}

ProcessStats read_process_stats(const DirFd& proc) {
  std::array<char, 4096> room{};
  const ProcessUnits units{.ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)),
                           .page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
  ProcessStats stats;
  const std::string_view stat = read_small(proc, "self/stat", room);
  if (!stat.empty()) stats = parse_process_stat(stat, units).value_or(ProcessStats());
  stats.max_fds = parse_max_open_files(read_small(proc, "self/limits", room));
  stats.open_fds = count_open_fds(proc);
  return stats;
}

}  // namespace plimsoll::exporter
