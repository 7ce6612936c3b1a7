// What happened when a process was killed for memory: who, how large, what the group held, how it
// came there, which limit it was and whose, who else was there, and what would have helped. Pure
// but for the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/read/sample.h"
#include "cgroupfs/watch/oom_dump.h"
#include "control/breach/curve.h"
#include "control/breach/event.h"

namespace plimsoll::control {

using NamedBytes = std::vector<std::pair<std::string, std::uint64_t>>;

struct ReportProcess {
  std::int32_t pid = 0;
  std::string process;
  std::string command_line;  // "" when it could not be read any more.
  std::uint64_t rss = 0;
  std::optional<std::uint64_t> anon, file, shmem, page_tables, swap;
  std::int32_t oom_score_adj = 0;
  bool killed = false;
  bool operator==(const ReportProcess&) const = default;
};

struct Remedy {
  std::string what;                    // "memory.max", "memory.high", "memory.swap.max", ...
  std::string cgroup;                  // Where.
  std::optional<std::uint64_t> value;  // Bytes.
  std::string why;
  bool operator==(const Remedy&) const = default;
};

// What is known of the group whose limit it was.
struct BoundBy {
  std::string cgroup;  // "" when the host ran out.
  std::string name;
  std::optional<std::uint64_t> limit, usage;
  std::optional<std::uint64_t> swap_limit;  // v2; nothing: none, or not known.
  bool is_ancestor = false;                 // Not the victim's container itself.
  bool operator==(const BoundBy&) const = default;
};

struct ReportInput {
  BreachEvent event;
  std::optional<cgroupfs::OomDump> dump;
  std::string command_line;                        // The victim's.
  std::map<std::int32_t, std::string> commands;    // Of others.
  const cgroupfs::CgroupSample* sample = nullptr;  // The victim's group, before.
  std::vector<CurvePoint> curve;
  MonoTime now;
  BoundBy bound;
  std::optional<std::uint64_t> host_swap_free;  // SwapFree; nothing: not known.
};

struct OomReport {
  BreachEvent event;
  std::optional<ReportProcess> victim;
  BoundBy bound;
  // memory.stat as the kernel printed it at the kill, or the last sample with its age.
  NamedBytes stat;
  std::string stat_of;
  std::optional<std::chrono::nanoseconds> stat_age;  // Nothing: at the kill.
  std::optional<cgroupfs::OomUsage> memory, swap;
  std::vector<CurvePoint> curve;
  MonoTime now;
  std::vector<ReportProcess> processes;  // Largest first.
  std::size_t processes_left_out = 0;
  std::vector<Remedy> remedies;
};
using OomReportPtr = std::shared_ptr<const OomReport>;

[[nodiscard]] OomReport make_report(ReportInput input);
[[nodiscard]] std::vector<Remedy> find_remedies(const OomReport& report,
                                                std::optional<std::uint64_t> host_swap_free);
[[nodiscard]] std::string to_json(const OomReport& report);
[[nodiscard]] std::string to_text(const OomReport& report);

// The last reports, by the id of their event. Safe from every thread.
class ReportStore {
 public:
  explicit ReportStore(std::size_t capacity = 256) : capacity_(capacity) {}
  void put(std::uint64_t id, OomReportPtr report);
  [[nodiscard]] OomReportPtr find(std::uint64_t id) const;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<std::pair<std::uint64_t, OomReportPtr>> reports_;  // Sorted by id.
};

}  // namespace plimsoll::control
