#include "cgroupfs/watch/oom_dump.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr std::size_t kMaxComm = 15;
constexpr std::size_t kMostStats = 256;
// v1 prints a counter without limit as the largest number of pages, in kB.
constexpr std::uint64_t kNoLimitKilobytes = std::uint64_t{1} << 52;

std::optional<std::uint64_t> kilobytes(std::string_view text) {
  if (!text.ends_with("kB")) return std::nullopt;
  const auto number = to_number<std::uint64_t>(text.substr(0, text.size() - 2));
  if (!number || *number > kNoLimitKilobytes * 2) return std::nullopt;
  return *number * 1024;
}

// The value behind `key` ("anon-rss:"), up to the next comma or blank.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + key.size());
  return line.substr(0, line.find_first_of(", "));
}

std::optional<std::uint64_t> bytes_of(std::string_view line, std::string_view key) {
  const auto text = value_of(line, key);
  return text ? kilobytes(*text) : std::nullopt;
}

template <class T>
std::optional<T> number_of(std::string_view line, std::string_view key) {
  const auto text = value_of(line, key);
  return text ? to_number<T>(*text) : std::nullopt;
}

// A column of the table: where its value goes. Nothing may be lost in the multiplication.
void put(OomTask& task, std::string_view column, std::uint64_t value, std::uint64_t page_size) {
  const std::uint64_t bytes =
      value > ~std::uint64_t{0} / page_size ? ~std::uint64_t{0} : value * page_size;
  if (column == "uid") task.uid = static_cast<std::uint32_t>(value);
  if (column == "rss") task.rss = bytes;
  if (column == "rss_anon") task.anon = bytes;
  if (column == "rss_file") task.file = bytes;
  if (column == "rss_shmem") task.shmem = bytes;
  if (column == "pgtables_bytes") task.page_tables = value;
  if (column == "swapents") task.swap = bytes;
}

}  // namespace

std::optional<OomUsage> parse_oom_usage(std::string_view line, std::string_view what) {
  if (!line.starts_with(what) || !line.substr(what.size()).starts_with(": usage "))
    return std::nullopt;
  const auto usage = bytes_of(line, ": usage ");
  const auto limit = bytes_of(line, ", limit ");
  const auto failcnt = number_of<std::uint64_t>(line, ", failcnt ");
  if (!usage || !limit || !failcnt) return std::nullopt;
  OomUsage parsed{.usage = *usage, .failcnt = *failcnt};
  if (*limit < kNoLimitKilobytes * 1024) parsed.limit = limit;
  return parsed;
}

std::optional<KilledProcess> parse_killed_process(std::string_view line) {
  constexpr std::string_view kKilled = "Killed process ";
  const std::size_t at = line.find(kKilled);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + kKilled.size());
  const std::size_t open = rest.find(" (");
  if (open == std::string_view::npos) return std::nullopt;
  const auto pid = to_number<std::int32_t>(rest.substr(0, open));
  rest.remove_prefix(open + 2);
  const std::size_t close = rest.substr(0, kMaxComm + 1).rfind(')');
  if (!pid || *pid <= 0 || close == std::string_view::npos) return std::nullopt;
  KilledProcess killed{.pid = *pid, .process = std::string(rest.substr(0, close))};
  rest.remove_prefix(close);
  killed.total_vm = bytes_of(rest, "total-vm:");
  killed.anon = bytes_of(rest, "anon-rss:");
  killed.file = bytes_of(rest, "file-rss:");
  killed.shmem = bytes_of(rest, "shmem-rss:");
  killed.page_tables = bytes_of(rest, "pgtables:");
  killed.uid = number_of<std::uint32_t>(rest, "UID:");
  killed.oom_score_adj = number_of<std::int32_t>(rest, "oom_score_adj:");
  return killed;
}

std::optional<OomColumns> parse_oom_columns(std::string_view line) {
  if (!line.starts_with("[")) return std::nullopt;
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos || trim(line.substr(1, close - 1)) != "pid")
    return std::nullopt;
  OomColumns columns;
  line.remove_prefix(close + 1);
  for (std::string_view word; next_word(line, word);) columns.emplace_back(word);
  // The name is the rest of a line: it may have blanks.
  if (columns.empty() || columns.back() != "name") return std::nullopt;
  columns.pop_back();
  return columns;
}

std::optional<OomTask> parse_oom_task(std::string_view line, const OomColumns& columns,
                                      std::uint64_t page_size) {
  const std::size_t close = line.find(']');
  if (!line.starts_with("[") || close == std::string_view::npos) return std::nullopt;
  const auto pid = to_number<std::int32_t>(trim(line.substr(1, close - 1)));
  if (!pid || *pid <= 0) return std::nullopt;
  OomTask task{.pid = *pid};
  line.remove_prefix(close + 1);
  for (const std::string& column : columns) {
    std::string_view word;
    if (!next_word(line, word)) return std::nullopt;
    if (column == "oom_score_adj") {
      const auto number = to_number<std::int32_t>(word);
      if (!number) return std::nullopt;
      task.oom_score_adj = *number;
      continue;
    }
    const auto number = to_number<std::uint64_t>(word);
    if (!number) return std::nullopt;
    put(task, column, *number, page_size);
  }
  if (line.starts_with(' ')) line.remove_prefix(1);
  task.process = line.substr(0, kMaxComm);
  return task;
}

void OomDumps::begin(std::string_view line, std::size_t invoked) {
  dump_ = {};
  dump_.invoked_by = line.substr(0, std::min(invoked, kMaxComm));
  columns_.clear();
  part_ = Part::kHead;
}

// "anon 16658432"; another line ends the list.
void OomDumps::take_stat(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const auto value = blank == std::string_view::npos
                         ? std::nullopt
                         : to_number<std::uint64_t>(line.substr(blank + 1));
  if (value && dump_.stat.size() < kMostStats)
    dump_.stat.emplace_back(line.substr(0, blank), *value);
}

void OomDumps::take(std::string_view line) {
  constexpr std::string_view kStats = "Memory cgroup stats for ";
  if (part_ == Part::kTasks) {
    if (const auto columns = parse_oom_columns(line)) {
      columns_ = *columns;
    } else if (auto task = parse_oom_task(line, columns_, page_size_); task && !columns_.empty()) {
      if (dump_.tasks.size() < kMostTasks)
        dump_.tasks.push_back(*std::move(task));
      else
        ++dump_.tasks_left_out;
    }
    return;
  }
  if (line.starts_with("Tasks state (")) {
    part_ = Part::kTasks;
  } else if (line.starts_with(kStats) && line.ends_with(':')) {
    dump_.stat_of = line.substr(kStats.size(), line.size() - kStats.size() - 1);
    part_ = Part::kStat;
  } else if (part_ == Part::kStat) {
    take_stat(line);
  } else if (const auto memory = parse_oom_usage(line, "memory")) {
    dump_.memory = memory;
  } else if (const auto swap = parse_oom_usage(line, "swap")) {
    dump_.swap = swap;
  } else if (const auto both = parse_oom_usage(line, "memory+swap")) {
    dump_.memory_and_swap = both;
  }
}

OomDump OomDumps::finish() {
  part_ = Part::kNone;
  return std::exchange(dump_, {});
}

std::optional<OomDump> OomDumps::give_up() {
  if (!dump_.kill) return std::nullopt;
  return finish();
}

std::optional<OomDump> OomDumps::feed(const KmsgRecord& record,
                                      const std::optional<LoggedKill>& kill) {
  if (!record.from_kernel || record.text.empty()) return std::nullopt;
  // A record outside a report is mostly about something else: no copy is made of it.
  constexpr std::string_view kInvoked = " invoked oom-killer:";
  const std::size_t invoked = record.text.find(kInvoked);
  const bool killed = record.text.find("Killed process ") != std::string_view::npos;
  if (part_ == Part::kNone && invoked == std::string_view::npos && !killed && !kill)
    return std::nullopt;
  const std::string line = unescape_kmsg(record.text);
  if (invoked != std::string_view::npos) {
    begin(line, line.find(kInvoked));
    return std::nullopt;
  }
  if (killed) {
    dump_.victim = parse_killed_process(line);
    // A further victim of the same shortage (memory.oom.group) has no report but the first's.
    if (kill) dump_.kill = kill;
    if (!dump_.victim && !dump_.kill) return std::nullopt;
    return finish();
  }
  if (kill) {
    dump_.kill = kill;
    part_ = Part::kHead;
    return std::nullopt;
  }
  // Before 6.8 memory.stat is one record of many lines.
  std::string_view rest = line;
  for (std::string_view each; next_line(rest, each);) take(each);
  return std::nullopt;
}

}  // namespace plimsoll::cgroupfs
