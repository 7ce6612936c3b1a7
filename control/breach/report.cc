#include "control/breach/report.h"

#include <algorithm>

namespace plimsoll::control {

using cgroupfs::Field;

namespace {

constexpr std::size_t kMostProcesses = 20;

std::string command_of(const ReportInput& input, std::int32_t pid) {
  if (input.event.pid == pid && !input.command_line.empty()) return input.command_line;
  const auto at = input.commands.find(pid);
  return at == input.commands.end() ? std::string() : at->second;
}

ReportProcess process_of(const ReportInput& input, const cgroupfs::OomTask& task) {
  return {.pid = task.pid,
          .process = task.process,
          .command_line = command_of(input, task.pid),
          .rss = task.rss,
          .anon = task.anon,
          .file = task.file,
          .shmem = task.shmem,
          .page_tables = task.page_tables,
          .swap = task.swap,
          .oom_score_adj = task.oom_score_adj,
          .killed = input.event.pid == task.pid};
}

std::uint64_t size_of(const ReportProcess& process) {
  return process.rss + process.swap.value_or(0) + process.page_tables.value_or(0);
}

// The kill's own line has the sizes at the kill; the table, where it is there, the swap.
std::optional<ReportProcess> victim_of(const ReportInput& input,
                                       const std::vector<ReportProcess>& processes) {
  if (!input.event.pid) return std::nullopt;
  ReportProcess victim{.pid = *input.event.pid, .process = input.event.process};
  const auto at = std::ranges::find(processes, *input.event.pid, &ReportProcess::pid);
  if (at != processes.end()) victim = *at;
  victim.command_line = input.command_line;
  victim.killed = true;
  if (!input.dump || !input.dump->victim || input.dump->victim->pid != victim.pid) return victim;
  const cgroupfs::KilledProcess& killed = *input.dump->victim;
  victim.anon = killed.anon;
  victim.file = killed.file;
  victim.shmem = killed.shmem;
  victim.page_tables = killed.page_tables;
  victim.rss = killed.anon.value_or(0) + killed.file.value_or(0) + killed.shmem.value_or(0);
  victim.oom_score_adj = killed.oom_score_adj.value_or(0);
  return victim;
}

NamedBytes numbers_of_sample(const cgroupfs::CgroupSample& sample) {
  NamedBytes numbers;
  for (const Field field :
       {Field::kMemoryUsage, Field::kMemoryWorkingSet, Field::kMemoryRss, Field::kMemoryCache,
        Field::kMemoryShmem, Field::kMemoryMappedFile, Field::kMemorySwap, Field::kMemoryKernel,
        Field::kMemorySlab, Field::kMemorySock, Field::kMemoryActiveAnon,
        Field::kMemoryInactiveAnon, Field::kMemoryActiveFile, Field::kMemoryInactiveFile,
        Field::kMemoryUnevictable, Field::kMemoryFileDirty, Field::kMemoryPeak})
    if (const auto value = sample.value(field))
      numbers.emplace_back(cgroupfs::info(field).path, *value);
  return numbers;
}

}  // namespace

OomReport make_report(ReportInput input) {
  OomReport report{.event = input.event, .bound = input.bound, .now = input.now};
  if (input.dump) {
    for (const cgroupfs::OomTask& task : input.dump->tasks)
      report.processes.push_back(process_of(input, task));
    std::ranges::stable_sort(report.processes, std::ranges::greater(), size_of);
    report.victim = victim_of(input, report.processes);
    report.processes_left_out = input.dump->tasks_left_out;
    if (report.processes.size() > kMostProcesses) {
      report.processes_left_out += report.processes.size() - kMostProcesses;
      report.processes.resize(kMostProcesses);
    }
    report.memory = input.dump->memory;
    report.swap = input.dump->swap;
    report.stat = std::move(input.dump->stat);
    report.stat_of = std::move(input.dump->stat_of);
    if (report.memory && !report.bound.limit) report.bound.limit = report.memory->limit;
    if (report.memory && !report.bound.usage) report.bound.usage = report.memory->usage;
  } else {
    report.victim = victim_of(input, {});
  }
  const auto read_at = input.sample != nullptr ? input.sample->read_at(cgroupfs::Tier::kHot)
                                               : std::optional<MonoTime>();
  // A sample that was taken for the kill's own notification is of what is left.
  if (report.stat.empty() && read_at && *read_at <= input.now) {
    report.stat = numbers_of_sample(*input.sample);
    report.stat_of = input.event.cgroup;
    report.stat_age = input.now - *read_at;
  }
  report.curve = std::move(input.curve);
  report.remedies = find_remedies(report, input.host_swap_free);
  return report;
}

void ReportStore::put(std::uint64_t id, OomReportPtr report) {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::ranges::lower_bound(reports_, id, {}, [](const auto& kept) { return kept.first; });
  reports_.emplace(at, id, std::move(report));
  if (reports_.size() > capacity_) reports_.pop_front();
}

OomReportPtr ReportStore::find(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::ranges::lower_bound(reports_, id, {}, [](const auto& kept) { return kept.first; });
  return at != reports_.end() && at->first == id ? at->second : nullptr;
}

}  // namespace plimsoll::control
