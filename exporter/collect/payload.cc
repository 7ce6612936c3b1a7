#include "exporter/collect/payload.h"

#include <algorithm>
#include <optional>

namespace plimsoll::exporter {

namespace {

using cgroupfs::CgroupSample;
using cgroupfs::Field;

constexpr Field kCeilings[] = {Field::kMemoryLimit, Field::kMemoryHigh, Field::kMemorySwapLimit,
                               Field::kPidsLimit};
// What a group is promised; a group of which nobody said anything has 0.
constexpr Field kPromises[] = {Field::kMemoryLow, Field::kMemoryMin};
// Not hierarchical: each group counts what its own limit did.
constexpr Field kOwnEvents[] = {Field::kMemoryEventsLocalHigh, Field::kMemoryEventsLocalMax,
                                Field::kMemoryEventsLocalOom, Field::kMemoryEventsLocalOomKill};
// Of the processes in the group itself, which are the payload's.
constexpr Field kOwnProcesses[] = {Field::kProcesses,     Field::kFileDescriptors,
                                   Field::kSockets,       Field::kReferencedBytes,
                                   Field::kLoadAverage,   Field::kLoadDAverage,
                                   Field::kTasksSleeping, Field::kTasksRunning,
                                   Field::kTasksStopped,  Field::kTasksUninterruptible,
                                   Field::kTasksIoWait};
// They go together: counters of one group's bandwidth say nothing of another's quota.
constexpr Field kBandwidth[] = {Field::kCpuQuota,
                                Field::kCpuPeriod,
                                Field::kCpuBurstLimit,
                                Field::kCpuPeriods,
                                Field::kCpuThrottledPeriods,
                                Field::kCpuThrottled,
                                Field::kCpuBursts,
                                Field::kCpuBurst};

void copy(Field field, const CgroupSample& from, CgroupSample& to) {
  if (const auto limit = from.limit(field)) to.set(field, *limit);
}

void take_ceiling(Field field, const CgroupSample& payload, CgroupSample& own) {
  const auto theirs = payload.value(field);
  const auto ours = own.value(field);
  if (theirs && (!ours || *theirs < *ours)) own.set(field, *theirs);
}

void take_larger(Field field, const CgroupSample& payload, CgroupSample& own) {
  const auto theirs = payload.value(field);
  if (theirs && *theirs > own.value(field).value_or(0)) own.set(field, *theirs);
}

void add(Field field, const CgroupSample& payload, CgroupSample& own) {
  if (const auto theirs = payload.value(field))
    own.set(field, own.value(field).value_or(0) + *theirs);
}

// What could not be counted below cannot be counted here.
void add_known(Field field, const CgroupSample& payload, CgroupSample& own) {
  if (const auto theirs = payload.value(field))
    own.set(field, own.value(field).value_or(0) + *theirs);
  else
    own.unset(field);
}

// Processors that the group may use; nothing without a quota.
std::optional<double> processors(const CgroupSample& sample) {
  const auto quota = sample.value(Field::kCpuQuota);
  const auto period = sample.value(Field::kCpuPeriod);
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

std::string_view container_of_payload(std::string_view path) {
  constexpr std::string_view kPayload = "/container";
  if (!path.ends_with(kPayload)) return {};
  return path.substr(0, path.size() - kPayload.size());
}

CgroupSample with_payload(CgroupSample own, const CgroupSample& payload) {
  for (const Field field : kCeilings) take_ceiling(field, payload, own);
  for (const Field field : kPromises) take_larger(field, payload, own);
  for (const Field field : kOwnEvents) add(field, payload, own);
  for (const Field field : kOwnProcesses) add_known(field, payload, own);
  take_larger(Field::kPidsEventsMax, payload, own);
  const auto theirs = processors(payload);
  const auto ours = processors(own);
  if (theirs && (!ours || *theirs < *ours))
    for (const Field field : kBandwidth) copy(field, payload, own);
  if (!payload.cpuset_cpus.empty()) own.cpuset_cpus = payload.cpuset_cpus;
  if (!payload.cpuset_mems.empty()) own.cpuset_mems = payload.cpuset_mems;
  return own;
}

}  // namespace plimsoll::exporter
