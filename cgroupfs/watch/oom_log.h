// What the kernel's log says of OOM kills. Pure: records in, kills out.
//
// Since Linux 5.0 one line names everything:
//   oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,mems_allowed=0,
//     oom_memcg=/docker/a,task_memcg=/docker/a,task=hog,pid=20144,uid=0
// (",global_oom" instead of ",oom_memcg=..." when the whole host ran out). With memory.oom.group
// the others of the group follow:
//   Tasks in /docker/a are going to be killed due to memory.oom.group set
//   Memory cgroup out of memory: Killed process 20145 (helper) total-vm:...
// Before 5.0:
//   Task in /docker/a/b killed as a result of limit of /docker/a
//   Killed process 20144 (hog) total-vm:...
// (When the whole host ran out, they do not tell the victim's group.)
//
// Command names are chosen by the victims and names of nested groups by whoever is in them: neither
// may move a kill to another container. The first line is written at most ten times in five seconds
// (the kernel's rate limit), so counting is not left to the log alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cgroupfs/watch/kmsg.h"

namespace plimsoll::cgroupfs {

struct LoggedKill {
  std::uint64_t usec = 0;  // Since boot.
  std::string cgroup;      // task_memcg.
  std::string limited;     // oom_memcg; "" when no group's limit was the cause.
  std::string constraint;
  std::int32_t pid = 0;
  std::string process;
  bool first = true;  // Of those killed for one shortage.
  bool operator==(const LoggedKill&) const = default;
};

// "oom-kill:..." alone, unescaped. kMalformed when it is cut or contradicts itself.
[[nodiscard]] Result<LoggedKill> parse_oom_kill(std::string_view line);

class OomLines {
 public:
  // A kill, if this record completes one.
  [[nodiscard]] std::optional<LoggedKill> feed(const KmsgRecord& record);
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  [[nodiscard]] std::optional<LoggedKill> finish_pending();
  [[nodiscard]] std::optional<LoggedKill> killed(std::string_view line, std::uint64_t usec);
  void begin_legacy(std::string_view line);

  std::string pending_;  // An "oom-kill:" line whose rest may come as fragments.
  std::uint64_t pending_usec_ = 0;
  unsigned waited_ = 0;   // Records of others since.
  LoggedKill last_;       // The latest victim of an "oom-kill:" line ...
  bool grouped_ = false;  // ... whose group is killed with it ...
  std::string group_;     // ... which is this one.
  bool legacy_ = false;   // "Task in ..." was read.
  LoggedKill legacy_kill_;
  std::uint64_t malformed_ = 0;
};

}  // namespace plimsoll::cgroupfs
