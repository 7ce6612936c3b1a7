// What would have helped, from what was there. Each remedy says why; none is a promise.
#include <algorithm>

#include "control/breach/report.h"
#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::uint64_t round_up(std::uint64_t bytes) {
  // Small limits in whole MiB, large ones in 16: what a person would write.
  const std::uint64_t step = bytes >= 1024 * kMiB ? 16 * kMiB : kMiB;
  return bytes > ~std::uint64_t{0} - step ? bytes : (bytes + step - 1) / step * step;
}

std::uint64_t sum_of(const NamedBytes& stat, std::initializer_list<std::string_view> names) {
  std::uint64_t sum = 0;
  for (const auto& [name, value] : stat)
    if (std::ranges::find(names, name) != names.end()) sum += value;
  return sum;
}

// v1 prints a group's own numbers and, as total_, those with the groups below; v2 has one kind. The
// names of a sample are ours.
std::uint64_t anonymous(const NamedBytes& stat) {
  return std::max(
      {sum_of(stat, {"total_rss"}), sum_of(stat, {"anon"}), sum_of(stat, {"memory.rss"})});
}
std::uint64_t shared_memory(const NamedBytes& stat) {
  return std::max(
      {sum_of(stat, {"total_shmem"}), sum_of(stat, {"shmem"}), sum_of(stat, {"memory.shmem"})});
}

// The most that the group needed at once, as far as anybody saw.
std::uint64_t needed(const OomReport& report) {
  std::uint64_t peak = anonymous(report.stat) + shared_memory(report.stat);
  for (const CurvePoint& point : report.curve) peak = std::max(peak, point.working_set);
  if (report.memory) peak = std::max(peak, report.memory->usage);
  return std::max(peak, report.bound.limit.value_or(0));
}

Remedy of_limit(const OomReport& report) {
  const std::uint64_t limit = report.bound.limit.value_or(0);
  const std::uint64_t peak = needed(report);
  // Nobody knows how much more it would have taken: it was stopped. A quarter is a first step.
  Remedy remedy{.what = "memory.max",
                .cgroup = report.bound.cgroup,
                .value = round_up(peak + peak / 4),
                .why = "it needed at least " + bytes_text(peak) + " and was stopped at " +
                       bytes_text(limit) + "; a quarter more is a first step"};
  if (report.bound.is_ancestor)
    remedy.why +=
        "; this is the limit of a group above the container, shared by all below it, so "
        "raising the container's own does not help";
  return remedy;
}

}  // namespace

std::vector<Remedy> find_remedies(const OomReport& report,
                                  std::optional<std::uint64_t> host_swap_free) {
  std::vector<Remedy> remedies;
  const std::uint64_t anon = anonymous(report.stat);
  if (report.bound.cgroup.empty()) {
    if (report.event.constraint == "CONSTRAINT_MEMCG") return remedies;
    remedies.push_back({.what = "limits",
                        .why = "the host itself ran out of memory: no limit stopped the largest "
                               "groups before; give them one ('plimsoll recommend' proposes)"});
    return remedies;
  }
  remedies.push_back(of_limit(report));
  const std::uint64_t limit = report.bound.limit.value_or(0);
  const bool no_swap = report.bound.swap_limit == 0U || host_swap_free == 0U;
  if (no_swap && anon > limit / 2 && limit > 0)
    remedies.push_back(
        {.what = "memory.swap.max",
         .cgroup = report.bound.cgroup,
         .value = round_up(limit / 4),
         .why = bytes_text(anon) + " were anonymous memory, which can only go to swap, and there " +
                (host_swap_free == 0U ? "is none on this host" : "was none for this group")});
  if (limit > 0 && report.event.limit == "memory.max")
    remedies.push_back({.what = "memory.high",
                        .cgroup = report.bound.cgroup,
                        .value = limit - limit / 10,
                        .why = "slows the group down and reclaims before it is killed, and tells "
                               "(memory_high); cgroup v2 only"});
  const std::uint64_t shmem = shared_memory(report.stat);
  if (limit > 0 && shmem > limit / 4)
    remedies.push_back({.what = "tmpfs",
                        .cgroup = report.bound.cgroup,
                        .value = shmem,
                        .why = bytes_text(shmem) +
                               " were files on tmpfs or shared memory: they "
                               "count as the group's and stay after the process is killed"});
  if (report.processes.size() > 1) {
    const ReportProcess& largest = report.processes.front();
    if (!largest.killed)
      remedies.push_back({.what = "oom_score_adj",
                          .cgroup = report.bound.cgroup,
                          .why = "the largest process was " + largest.process + " (pid " +
                                 std::to_string(largest.pid) + ", " + bytes_text(largest.rss) +
                                 "), not the one killed: its oom_score_adj is " +
                                 std::to_string(largest.oom_score_adj)});
  }
  return remedies;
}

}  // namespace plimsoll::control
