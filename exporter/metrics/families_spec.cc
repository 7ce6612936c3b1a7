// Who a container is, since when, and what it may use: cAdvisor's families that no group switches
// off.
#include <algorithm>
#include <cmath>
#include <vector>

#include "exporter/metrics/family.h"
#include "exporter/metrics/shares.h"
#include "exporter/metrics/tombstones.h"

namespace plimsoll::exporter {

namespace {

std::string_view machine_text(const Context& context, std::string MachineInfo::* member) {
  return context.snapshot.machine ? std::string_view((*context.snapshot.machine).*member)
                                  : std::string_view();
}

void write_version(FamilyWriter& out, const Context& context) {
  out.count("", 1,
            {{"kernelVersion", machine_text(context, &MachineInfo::kernel_version)},
             {"osVersion", machine_text(context, &MachineInfo::os_version)},
             {"cadvisorVersion", PLIMSOLL_VERSION, "plimsoll-"}});
}

// Did one of the collectors that make container rows fail in the last tick?
void write_container_error(FamilyWriter& out, const Context& context) {
  const bool failed = std::ranges::any_of(context.self.collectors, [](const CollectorStats& c) {
    return !c.success && c.name != "machine" && c.name != "kernel_log";
  });
  out.count("", failed ? 1 : 0);
}

void write_last_seen(FamilyWriter& out, const Context& context) {
  const std::int64_t now =
      std::chrono::floor<std::chrono::seconds>(context.snapshot.wall).time_since_epoch().count();
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const std::int64_t seen = context.snapshot.rows[row].last_seen_seconds;
    out.integer(labels, seen != 0 ? seen : now);
  });
  for_each_tombstone(context, [&](const Tombstone& ended) {
    out.integer(*ended.labels, ended.last_seen_seconds);
  });
}

void write_health(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = context.snapshot.rows[row].identity;
    const bool container = identity && identity->is_container();
    if (!container && !out.invents_zeros()) return;
    if (!container || !identity->has_health_check || identity->health == inventory::Health::kNone)
      return out.integer(labels, -1);
    const bool healthy = identity->health == inventory::Health::kHealthy;
    out.count(labels, healthy ? 1 : 0);
  });
}

// Whole seconds, as cAdvisor.
void write_moment(FamilyWriter& out, std::string_view labels, WallTime moment) {
  if (moment == WallTime{}) return;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
  out.integer(labels, seconds);
}

void write_creation_time(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    write_moment(out, labels, context.snapshot.rows[row].created);
  });
}

void write_start_time(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const Row& it = context.snapshot.rows[row];
    write_moment(out, labels,
                 it.identity && it.identity->started ? *it.identity->started : it.created);
  });
}

void write_period(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    std::optional<std::uint64_t> period = context.snapshot.value(Field::kCpuPeriod, row);
    if (!period && out.invents_zeros() && context.snapshot.value(Field::kCpuUsage, row)) period = 0;
    if (period) out.count(labels, *period / 1000);
  });
}

void write_quota(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto quota = context.snapshot.value(Field::kCpuQuota, row);  // Nothing when unlimited.
    if (!quota || *quota == 0) return;
    out.count(labels, *quota / 1000);
  });
}

void write_shares(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    std::optional<std::uint64_t> shares = context.snapshot.value(Field::kCpuShares, row);
    if (!shares) {
      const auto weight = context.snapshot.value(Field::kCpuWeight, row);
      const bool has_cpu = context.snapshot.value(Field::kCpuUsage, row).has_value();
      if (!weight && !(has_cpu && out.invents_zeros())) return;
      shares = weight ? shares_of_weight(*weight) : 0;
    }
    out.count(labels, *shares);
  });
}

// Values the kernel means as "no limit" print 0.
std::uint64_t shown_limit(const Limit<std::uint64_t>& limit) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 62U;
  return limit.is_none() || limit.value() > kHuge ? 0 : limit.value();
}

// The host's row shows what the machine has; others the first of the two fields that exists.
template <Field kFirst, Field kSecond, std::uint64_t MachineInfo::* kMachine>
void write_memory_limit(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    std::optional<std::uint64_t> value;
    if (kMachine != nullptr && is_host(context.snapshot.rows[row])) {
      if constexpr (kMachine != nullptr)
        if (context.snapshot.machine && context.snapshot.machine->memory_bytes != 0)
          value = (*context.snapshot.machine).*kMachine;
    } else {
      auto limit = context.snapshot.limit(kFirst, row);
      if (!limit) limit = context.snapshot.limit(kSecond, row);
      if (limit) value = shown_limit(*limit);
    }
    const bool has_memory = context.snapshot.value(Field::kMemoryUsage, row).has_value();
    if (!value && has_memory && out.invents_zeros()) value = 0;
    if (value) out.count(labels, *value);
  });
}

constexpr auto kGauge = FamilyType::kGauge;

constexpr Family kFamilies[] = {
    {{"cadvisor_version_info", kGauge, "", Group::kAlways,
      "kernelVersion,osVersion,dockerVersion,cadvisorVersion,cadvisorRevision",
      "Kernel, operating system and exporter version; the value is always 1.", "uname, os-release",
      "uname, os-release",
      "No base labels. cadvisorVersion is our own version; dockerVersion and cadvisorRevision have "
      "no value."},
     write_version},
    {{"container_scrape_error", kGauge, "", Group::kAlways, "",
      "1 if a collector failed in the last sample, 0 otherwise.", "-", "-",
      "No base labels. Which collector: plimsoll_collector_success."},
     write_container_error},
    {{"container_last_seen", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which the container was last known to exist.", "clock", "clock",
      "Keeps its last value for some minutes after the container ended (a tombstone), so that "
      "alerts on its age can fire without explicit timestamps."},
     write_last_seen},
    {{"container_health_state", kGauge, "", Group::kAlways, "",
      "Result of the container's health check: 1 healthy, 0 starting or unhealthy, -1 no check.",
      "runtime's record", "runtime's record",
      "cAdvisor prints -1 for every cgroup; we print it for containers only."},
     write_health},
    {{"container_creation_time_seconds", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which the container was created.", "runtime's record, else birth of the cgroup",
      "runtime's record, else birth of the cgroup", ""},
     write_creation_time},
    {{"container_start_time_seconds", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which the container was last started.", "runtime's record, else creation time",
      "runtime's record, else creation time", ""},
     write_start_time},
    {{"container_spec_cpu_period", kGauge, "microseconds", Group::kAlways, "",
      "Length of a CPU quota period in microseconds.", "cpu.cfs_period_us", "cpu.max: 2nd word",
      ""},
     write_period},
    {{"container_spec_cpu_quota", kGauge, "microseconds", Group::kAlways, "",
      "CPU time allowed per period in microseconds; absent without a quota.", "cpu.cfs_quota_us",
      "cpu.max: 1st word", ""},
     write_quota},
    {{"container_spec_cpu_shares", kGauge, "", Group::kAlways, "",
      "CPU shares: the relative weight among siblings, 1024 by default.", "cpu.shares",
      "cpu.weight",
      "v2: the inverse of the conversion that runc and crun use today (weight 100 is 1024 shares). "
      "cAdvisor inverts their former one and shows 2597."},
     write_shares},
    {{"container_spec_memory_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory limit in bytes, 0 without a limit; for the host the size of its memory.",
      "memory.limit_in_bytes", "memory.max", ""},
     write_memory_limit<Field::kMemoryLimit, Field::kMemoryLimit, &MachineInfo::memory_bytes>},
    {{"container_spec_memory_swap_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Swap limit in bytes, 0 without a limit; for the host the size of its swap.",
      "memory.memsw.limit_in_bytes", "memory.swap.max",
      "v1 limits memory and swap together, v2 swap alone; as cAdvisor."},
     write_memory_limit<Field::kMemoryMemswLimit, Field::kMemorySwapLimit,
                        &MachineInfo::swap_bytes>},
    {{"container_spec_memory_reservation_limit_bytes", kGauge, "bytes", Group::kAlways, "",
      "Memory reservation in bytes, 0 without one.", "memory.soft_limit_in_bytes", "memory.low",
      "v2: runtimes write a reservation to memory.low; cAdvisor reads memory.min."},
     write_memory_limit<Field::kMemoryReservation, Field::kMemoryLow, nullptr>},
};

}  // namespace

std::span<const Family> families_spec() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
