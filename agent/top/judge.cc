#include "agent/top/judge.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/top/figures.h"

namespace plimsoll::agent::top {

namespace {

// From which share of time or of a limit on.
struct Bounds {
  double warning;
  double alarm;
};
constexpr Bounds kMemory{0.9, 0.95};
constexpr Bounds kPids{0.9, 0.95};
constexpr Bounds kThrottled{0.25, 0.75};
constexpr Bounds kStalledMemory{0.1, 0.4};
constexpr Bounds kStalledIo{0.25, 0.75};
constexpr std::chrono::minutes kOomWindow{10};

Level level_of(double part, Bounds bounds) {
  if (!(part >= bounds.warning)) return Level::kCalm;
  return part >= bounds.alarm ? Level::kAlarm : Level::kWarning;
}

std::string percent_of(double part) {
  return std::to_string(std::lround(std::floor(part * 100))) + "%";
}

// In the sentence '%' stands for the percentage.
void add(std::vector<Reason>& out, double part, Bounds bounds, std::string_view mark,
         std::string sentence) {
  const Level level = level_of(part, bounds);
  if (level == Level::kCalm) return;
  const std::string percent = percent_of(part);
  sentence.replace(sentence.find('%'), 1, percent);
  out.push_back({level, std::string(mark) + " " + percent, std::move(sentence)});
}

void add_kills(std::vector<Reason>& out, const Entry& entry, WallTime now) {
  if (entry.oom && now - *entry.oom <= kOomWindow) {
    const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - *entry.oom);
    out.push_back({Level::kAlarm, "OOM " + std::to_string(entry.oom_seen) + "x",
                   "killed for lack of memory: " + std::to_string(entry.oom_seen) +
                       " processes while watched, the last one " + std::to_string(ago.count()) +
                       " s ago"});
    return;
  }
  const std::uint64_t kills = entry.row.oom_kills.value_or(0);
  if (kills > 0)
    out.push_back({Level::kNote, "oom " + std::to_string(kills) + "x",
                   "killed for lack of memory earlier: " + std::to_string(kills) + " processes"});
}

void add_limits(std::vector<Reason>& out, const StatsRow& row) {
  if (row.memory && row.memory_limit && !row.memory_limit->is_none() &&
      row.memory_limit->value() > 0) {
    const auto used = static_cast<double>(*row.memory);
    const auto most = static_cast<double>(row.memory_limit->value());
    add(out, used / most, kMemory, "MEM",
        "memory: " + short_bytes(used) + " is % of its limit of " + short_bytes(most));
  }
  if (row.pids && row.pids_limit && !row.pids_limit->is_none() && row.pids_limit->value() > 0)
    add(out, static_cast<double>(*row.pids) / static_cast<double>(row.pids_limit->value()), kPids,
        "PIDS",
        "processes and threads: " + std::to_string(*row.pids) + " is % of its limit of " +
            std::to_string(row.pids_limit->value()));
}

void add_stalls(std::vector<Reason>& out, const Point& now) {
  const auto part = [](float value) { return static_cast<double>(value); };
  add(out, part(now.throttled), kThrottled, "THR",
      "throttled: its CPU limit stopped it in % of the periods");
  add(out, part(now.psi_memory), kStalledMemory, "STALL mem",
      "stalled: % of the time nothing in it ran, waiting for memory");
  add(out, part(now.psi_io), kStalledIo, "STALL io",
      "stalled: % of the time nothing in it ran, waiting for disks");
}

}  // namespace

std::vector<Reason> judge(const Entry& entry, WallTime now) {
  std::vector<Reason> out;
  add_kills(out, entry, now);
  add_limits(out, entry.row);
  add_stalls(out, entry.now());
  std::ranges::stable_sort(out, [](const Reason& a, const Reason& b) { return a.level > b.level; });
  return out;
}

std::string_view mark_of(Level level) {
  switch (level) {
    case Level::kAlarm:
      return "!!";
    case Level::kWarning:
      return "!";
    case Level::kNote:
      return ".";
    case Level::kCalm:
      break;
  }
  return "";
}

std::string marks_of(const std::vector<Reason>& reasons) {
  std::string out;
  for (const Reason& reason : reasons) out += (out.empty() ? "" : ", ") + reason.mark;
  return out;
}

}  // namespace plimsoll::agent::top
