// The whole report that the kernel writes when a group (or the host) runs out of memory, put
// together from its lines. Pure: records in, dumps out.
//
//   hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
//   memory: usage 16384kB, limit 16384kB, failcnt 20
//   swap: usage 0kB, limit 0kB, failcnt 0                              (v1: "memory+swap: ...")
//   Memory cgroup stats for /docker/a:
//   anon 16658432                                                      (memory.stat, as it is)
//   Tasks state (memory values in pages):
//   [  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents
//   oom_score_adj name [  26472]     0 26472    29064     5407     4064     1343         0    90112
//   0             0 python3
//   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/docker/a,task_memcg=/docker/a,task=hog,pid=1,uid=0
//   Memory cgroup out of memory: Killed process 26472 (python3) total-vm:116256kB,
//   anon-rss:16256kB,
//     file-rss:5372kB, shmem-rss:0kB, UID:0 pgtables:88kB oom_score_adj:0
//
// All but the last line are left out when the kernel's rate limit strikes (ten in five seconds).
// The columns of the table differ between kernels (rss_anon and its neighbours came with 6.7), so
// they are taken by their names. Names of processes are the processes' own choice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/watch/kmsg.h"
#include "cgroupfs/watch/oom_log.h"

namespace plimsoll::cgroupfs {

// Sizes in bytes, whatever the kernel's unit.
struct OomTask {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint64_t rss = 0;
  std::optional<std::uint64_t> anon, file, shmem, page_tables, swap;
  std::int32_t oom_score_adj = 0;
  std::string process;
  bool operator==(const OomTask&) const = default;
};

struct OomUsage {
  std::uint64_t usage = 0;
  std::optional<std::uint64_t> limit;  // Nothing: none.
  std::uint64_t failcnt = 0;
  bool operator==(const OomUsage&) const = default;
};

// "Killed process ..." in bytes.
struct KilledProcess {
  std::int32_t pid = 0;
  std::string process;
  std::optional<std::uint64_t> total_vm, anon, file, shmem, page_tables;
  std::optional<std::uint32_t> uid;
  std::optional<std::int32_t> oom_score_adj;
  bool operator==(const KilledProcess&) const = default;
};

struct OomDump {
  std::optional<LoggedKill> kill;       // Nothing when its line was left out.
  std::optional<KilledProcess> victim;  // Nothing when it could not be killed.
  std::string invoked_by;
  std::optional<OomUsage> memory, swap, memory_and_swap;
  std::string stat_of;  // The group that ran out; "" when the host did.
  std::vector<std::pair<std::string, std::uint64_t>> stat;
  std::vector<OomTask> tasks;  // Of all groups below it, in the kernel's order.
  std::size_t tasks_left_out = 0;
  bool operator==(const OomDump&) const = default;
};

// Line by line, unescaped; each gives nothing when the line is another.
[[nodiscard]] std::optional<OomUsage> parse_oom_usage(std::string_view line, std::string_view what);
[[nodiscard]] std::optional<KilledProcess> parse_killed_process(std::string_view line);
// Names and places of the columns: the table's head.
using OomColumns = std::vector<std::string>;
[[nodiscard]] std::optional<OomColumns> parse_oom_columns(std::string_view line);
[[nodiscard]] std::optional<OomTask> parse_oom_task(std::string_view line,
                                                    const OomColumns& columns,
                                                    std::uint64_t page_size);

class OomDumps {
 public:
  explicit OomDumps(std::uint64_t page_size) : page_size_(page_size) {}
  // A dump, if this record completes one. `kill` is what OomLines made of the same record.
  [[nodiscard]] std::optional<OomDump> feed(const KmsgRecord& record,
                                            const std::optional<LoggedKill>& kill);
  // The kill was told but its last line did not come: what there is.
  [[nodiscard]] std::optional<OomDump> give_up();

  static constexpr std::size_t kMostTasks = 4096;

 private:
  enum class Part : std::uint8_t { kNone, kHead, kStat, kTasks };
  void begin(std::string_view line, std::size_t invoked);
  void take(std::string_view line);
  void take_stat(std::string_view line);
  [[nodiscard]] OomDump finish();

  std::uint64_t page_size_;
  Part part_ = Part::kNone;
  OomColumns columns_;
  OomDump dump_;
};

}  // namespace plimsoll::cgroupfs
