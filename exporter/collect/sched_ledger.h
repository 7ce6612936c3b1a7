// Scheduler times of cgroups, made of their threads' times.
//
// The kernel keeps these per thread and forgets them when it ends; the ledger keeps what ended
// threads used. A thread's growth counts for the cgroup it is found in, once: a process that was
// moved does not bring its past along. What threads used between the last reading and their end is
// lost.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exporter/collect/process_text.h"

namespace plimsoll::exporter {

class SchedLedger {
 public:
  // Reads a thread's numbers; nothing when it is gone.
  using Read = std::function<std::optional<SchedStat>(std::int32_t thread)>;

  // One reading of the group's own threads.
  void account(const std::string& path, const std::vector<std::int32_t>& threads, const Read& read);
  // The group is gone: what it and its groups used stays with the nearest ancestor.
  void forget(const std::string& path);
  // Drops threads that left a group and were not found in another: ask now and then.
  void sweep(const Read& read);

  // Of the group and everything below it; nothing for a group that was never accounted.
  [[nodiscard]] std::optional<SchedStat> total(const std::string& path) const;
  [[nodiscard]] std::size_t threads() const { return threads_.size(); }

 private:
  struct Group {
    SchedStat own;   // Its own threads' growth, ended ones too.
    SchedStat gone;  // Of groups below it that are gone.
    std::vector<std::int32_t> members;
  };
  struct Thread {
    SchedStat last;
    const Group* group = nullptr;  // Null: left a group, and in no other so far.
  };
  Group* ancestor_of(const std::string& path);

  std::map<std::string, Group, std::less<>> groups_;
  std::unordered_map<std::int32_t, Thread> threads_;
};

}  // namespace plimsoll::exporter
