// Capabilities and scheduling: what a process is given beyond its user.
#include <set>

#include "base/capability.h"
#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

// As sched(7) names them: glibc has some only with GNU extensions.
constexpr std::uint32_t kOther = 0;
constexpr std::uint32_t kFifo = 1;
constexpr std::uint32_t kRoundRobin = 2;
constexpr std::uint32_t kBatch = 3;
constexpr std::uint32_t kIso = 4;
constexpr std::uint32_t kIdle = 5;
constexpr std::uint32_t kDeadline = 6;

struct NamedSet {
  CapabilitySet set;
  std::vector<std::string> unknown;
};

// Unknown names are the future: a warning since version 1.1 of the specification.
Result<NamedSet> read_set(const Node& node) {
  NamedSet result;
  const std::vector<std::string> names = PLIMSOLL_TRY(texts(node));
  for (const std::string& name : names) {
    if (const auto number = capability_named(name)) {
      result.set.bits |= std::uint64_t{1} << *number;
      continue;
    }
    node.warn("unknown capability " + name + " is ignored");
    result.unknown.push_back(name);
  }
  return result;
}

Result<std::uint64_t> read_scheduler_flag(const Node& node) {
  static constexpr Word<std::uint64_t> kFlags[] = {
      {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
      {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
      {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
      {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
  };
  return word(node, kFlags);
}

Result<> check_scheduler(const Node& node, const Scheduler& scheduler) {
  const bool real_time = scheduler.policy == kFifo || scheduler.policy == kRoundRobin;
  if (real_time && (scheduler.priority < 1 || scheduler.priority > 99))
    return node["priority"].fails("must be from 1 to 99 with this policy");
  if (!real_time && scheduler.priority != 0)
    return node["priority"].fails("is only for SCHED_FIFO and SCHED_RR");
  if (scheduler.policy == kDeadline) {
    // sched(7): runtime <= deadline <= period, a period of 0 means the deadline's.
    if (scheduler.runtime == 0) return node["runtime"].fails("is required by SCHED_DEADLINE");
    if (scheduler.deadline < scheduler.runtime)
      return node["deadline"].fails("must not be below the runtime");
    if (scheduler.period != 0 && scheduler.period < scheduler.deadline)
      return node["period"].fails("must not be below the deadline");
  } else if (scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0) {
    return node["policy"].fails("runtime, deadline and period are only for SCHED_DEADLINE");
  }
  return {};
}

}  // namespace

Result<Capabilities> read_capabilities(const Node& node) {
  Capabilities result;
  const std::pair<std::string_view, CapabilitySet*> sets[] = {{"bounding", &result.bounding},
                                                              {"effective", &result.effective},
                                                              {"inheritable", &result.inheritable},
                                                              {"permitted", &result.permitted},
                                                              {"ambient", &result.ambient}};
  std::set<std::string> unknown;
  for (const auto& [name, set] : sets) {
    const NamedSet read = PLIMSOLL_TRY(read_set(node[name]));
    *set = read.set;
    unknown.insert(read.unknown.begin(), read.unknown.end());
  }
  result.unknown.assign(unknown.begin(), unknown.end());
  return result;
}

Result<Scheduler> read_scheduler(const Node& node) {
  static constexpr Word<std::uint32_t> kPolicies[] = {
      {"SCHED_OTHER", kOther},       {"SCHED_FIFO", kFifo}, {"SCHED_RR", kRoundRobin},
      {"SCHED_BATCH", kBatch},       {"SCHED_ISO", kIso},   {"SCHED_IDLE", kIdle},
      {"SCHED_DEADLINE", kDeadline},
  };
  Scheduler scheduler;
  scheduler.policy = PLIMSOLL_TRY(word(node["policy"], kPolicies));
  scheduler.nice = PLIMSOLL_TRY(number_or<std::int32_t>(node["nice"], 0, {.low = -20, .high = 19}));
  scheduler.priority = PLIMSOLL_TRY(number_or<std::int32_t>(node["priority"], 0));
  const auto flags = PLIMSOLL_TRY(list(node["flags"], read_scheduler_flag));
  for (const std::uint64_t flag : flags) scheduler.flags |= flag;
  scheduler.runtime = PLIMSOLL_TRY(number_or<std::uint64_t>(node["runtime"], 0));
  scheduler.deadline = PLIMSOLL_TRY(number_or<std::uint64_t>(node["deadline"], 0));
  scheduler.period = PLIMSOLL_TRY(number_or<std::uint64_t>(node["period"], 0));
  PLIMSOLL_TRY(check_scheduler(node, scheduler));
  return scheduler;
}

}  // namespace plimsoll::spec
