#include "cgroupfs/watch/oom_log.h"

#include <limits>
#include <utility>

#include "base/number.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr std::string_view kOomKill = "oom-kill:constraint=";
constexpr std::size_t kLongestLine = 4096;
constexpr unsigned kMostBetween = 16;
constexpr std::size_t kMaxComm = 15;  // TASK_COMM_LEN without the '\0'.

// Takes ",key=<number>" off the end.
std::optional<std::int64_t> take_last_number(std::string_view& line, std::string_view key) {
  const std::size_t at = line.rfind(key);
  if (at == std::string_view::npos) return std::nullopt;
  const auto number = to_number<std::int64_t>(line.substr(at + key.size()));
  line = line.substr(0, at);
  return number;
}

// Takes ",task=<command>" off the end. A command may itself contain ",task=": it is at most 15
// bytes long, so the leftmost place that leaves no more is the true one.
std::optional<std::string_view> take_command(std::string_view& line) {
  constexpr std::string_view kTask = ",task=";
  const std::size_t room = kMaxComm + kTask.size();
  const std::size_t at = line.find(kTask, line.size() > room ? line.size() - room : 0);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view command = line.substr(at + kTask.size());
  line = line.substr(0, at);
  return command;
}

bool is_within(std::string_view path, std::string_view above) {
  if (above == "/" || path == above) return true;
  return path.starts_with(above) && path.substr(above.size()).starts_with('/');
}

struct Groups {
  std::string_view limited, victim;
};

// ",oom_memcg=/a,task_memcg=/a/b" or ",global_oom,task_memcg=/a/b". Names of groups may contain
// all of these words, but the cpuset's in front is one component and has no '/', and the victim is
// always within the group that is out of memory.
std::optional<Groups> find_groups(std::string_view line) {
  constexpr std::string_view kLimited = ",oom_memcg=/";
  constexpr std::string_view kVictim = ",task_memcg=/";
  constexpr std::string_view kGlobal = ",global_oom,task_memcg=/";
  const std::size_t limited = line.find(kLimited);
  const std::size_t global = line.find(kGlobal);
  if (global < limited) return Groups{{}, line.substr(global + kGlobal.size() - 1)};
  if (limited == std::string_view::npos) return std::nullopt;
  const std::string_view paths = line.substr(limited + kLimited.size() - 1);
  for (std::size_t at = paths.find(kVictim); at != std::string_view::npos;
       at = paths.find(kVictim, at + 1)) {
    const Groups groups{paths.substr(0, at), paths.substr(at + kVictim.size() - 1)};
    if (is_within(groups.victim, groups.limited)) return groups;
  }
  return std::nullopt;
}

// "20144 (hog) total-vm:..." of "Killed process 20144 (hog) total-vm:...". The name ends at the
// last
// ") " that leaves it no longer than a command may be.
std::optional<std::pair<std::int32_t, std::string_view>> killed_process(std::string_view line) {
  constexpr std::string_view kKilled = "Killed process ";
  const std::size_t at = line.find(kKilled);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + kKilled.size());
  const std::size_t open = rest.find(" (");
  if (open == std::string_view::npos) return std::nullopt;
  const auto pid = to_number<std::int32_t>(rest.substr(0, open));
  rest = rest.substr(open + 2).substr(0, kMaxComm + 1);
  const std::size_t close = rest.rfind(')');
  if (!pid || *pid <= 0 || close == std::string_view::npos) return std::nullopt;
  return std::pair(*pid, rest.substr(0, close));
}

}  // namespace

Result<LoggedKill> parse_oom_kill(std::string_view line) {
  if (!line.starts_with(kOomKill)) return malformed(line);
  std::string_view rest = line.substr(kOomKill.size());
  const std::size_t comma = rest.find(',');
  if (comma == std::string_view::npos) return malformed(line);
  LoggedKill kill;
  kill.constraint = rest.substr(0, comma);
  rest.remove_prefix(comma);
  const auto uid = take_last_number(rest, ",uid=");
  const auto pid = take_last_number(rest, ",pid=");
  const auto command = take_command(rest);
  const auto groups = find_groups(rest);
  if (!uid || !pid || *pid <= 0 || *pid > std::numeric_limits<std::int32_t>::max() || !command ||
      !groups)
    return malformed(line);
  kill.pid = static_cast<std::int32_t>(*pid);
  kill.process = *command;
  kill.cgroup = groups->victim;
  kill.limited = groups->limited;
  return kill;
}

std::optional<LoggedKill> OomLines::finish_pending() {
  const std::string line = unescape_kmsg(std::exchange(pending_, {}));
  Result<LoggedKill> kill = parse_oom_kill(line);
  if (!kill) {
    ++malformed_;
    return std::nullopt;
  }
  kill->usec = pending_usec_;
  last_ = *kill;
  return *std::move(kill);
}

void OomLines::begin_legacy(std::string_view line) {
  constexpr std::string_view kTask = "Task in ";
  constexpr std::string_view kBecause = " killed as a result of limit of ";
  const std::size_t because = line.find(kBecause);
  if (!line.starts_with(kTask) || because == std::string_view::npos) return;
  legacy_ = true;
  legacy_kill_ = {};
  legacy_kill_.cgroup = line.substr(kTask.size(), because - kTask.size());
  legacy_kill_.limited = line.substr(because + kBecause.size());
  legacy_kill_.constraint = "CONSTRAINT_MEMCG";
}

std::optional<LoggedKill> OomLines::killed(std::string_view line, std::uint64_t usec) {
  const auto process = killed_process(line);
  if (!process) return std::nullopt;
  LoggedKill kill;
  if (std::exchange(legacy_, false)) {
    kill = std::exchange(legacy_kill_, {});
  } else if (grouped_ && process->first != last_.pid) {
    kill = last_;
    kill.cgroup = group_;
    kill.first = false;
  } else {
    return std::nullopt;  // Told already by its "oom-kill:" line, or by none.
  }
  kill.usec = usec;
  kill.pid = process->first;
  kill.process = process->second;
  return kill;
}

std::optional<LoggedKill> OomLines::feed(const KmsgRecord& record) {
  if (!record.from_kernel) return std::nullopt;
  if (!pending_.empty() && record.fragment) {
    pending_ += record.text;
    if (pending_.find(",uid=") == std::string::npos && pending_.size() < kLongestLine)
      return std::nullopt;
    return finish_pending();
  }
  // Other CPUs write in between, but not for ever.
  if (!pending_.empty() && ++waited_ > kMostBetween) {
    ++malformed_;
    pending_.clear();
  }
  if (record.text.starts_with("oom-kill:")) {
    if (!pending_.empty()) ++malformed_;
    grouped_ = false;
    legacy_ = false;
    waited_ = 0;
    pending_ = record.text;
    pending_usec_ = record.usec;
    if (pending_.find(",uid=") == std::string::npos) return std::nullopt;
    return finish_pending();
  }
  // Most records are about something else: a look at the first byte spares the rest.
  if (record.text.empty() ||
      std::string_view("TMKO").find(record.text[0]) == std::string_view::npos)
    return std::nullopt;
  const std::string line = unescape_kmsg(record.text);
  constexpr std::string_view kTasks = "Tasks in ";
  const std::size_t group_end = line.find(" are going to be killed due to memory.oom.group set");
  if (line.starts_with(kTasks) && group_end != std::string::npos) {
    grouped_ = last_.pid != 0;
    group_ = line.substr(kTasks.size(), group_end - kTasks.size());
    return std::nullopt;
  }
  begin_legacy(line);
  return killed(line, record.usec);
}

}  // namespace plimsoll::cgroupfs
