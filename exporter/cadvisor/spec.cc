#include "exporter/cadvisor/spec.h"

#include <algorithm>
#include <limits>
#include <string>

#include "exporter/cadvisor/reference.h"
#include "exporter/metrics/shares.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::Group;

constexpr std::uint64_t kMicro = 1000;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

bool is_root(const Snapshot& snapshot, std::size_t row) {
  return snapshot.rows[row].identity->runtime == inventory::Runtime::kRoot;
}

// memory.low is a file of v2 only, cpu.shares one of v1.
bool is_v2(const Snapshot& snapshot, std::size_t row) {
  return snapshot.limit(Field::kMemoryLow, row).has_value() ||
         (snapshot.value(Field::kCpuWeight, row) && !snapshot.value(Field::kCpuShares, row));
}

// As the kernel spells "no limit": 2^64 - 1 for v2's "max"; on v1 the largest number of pages.
std::uint64_t shown(const Limit<std::uint64_t>& limit, const Snapshot& snapshot, std::size_t row) {
  if (!limit.is_none()) return limit.value();
  if (is_v2(snapshot, row)) return kNoLimit;
  const std::uint64_t page = snapshot.machine ? snapshot.machine->page_size : 4096;
  return static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / page * page;
}

std::uint64_t shares_of(const Snapshot& snapshot, std::size_t row, const ApiView& view) {
  if (const auto shares = snapshot.value(Field::kCpuShares, row)) return *shares;
  const auto weight = snapshot.value(Field::kCpuWeight, row);
  if (!weight) return 0;
  if (view.strict() && *weight > 0) return 2 + (*weight - 1) * 262'142 / 9'999;
  return shares_of_weight(*weight);
}

void write_cpu(GoJson& json, const Snapshot& snapshot, std::size_t row, const ApiView& view,
               SpecShape shape) {
  json.begin_object("cpu");
  json.number("limit", shares_of(snapshot, row, view));
  json.number("max_limit", 0);
  if (row < snapshot.cpuset_cpus.size()) json.text_unless_empty("mask", snapshot.cpuset_cpus[row]);
  if (shape == SpecShape::kV1) {
    const auto quota = snapshot.value(Field::kCpuQuota, row);
    const auto period = snapshot.value(Field::kCpuPeriod, row);
    json.number_unless_zero("quota", quota.value_or(0) / kMicro);
    json.number_unless_zero("period", period.value_or(0) / kMicro);
  }
  json.end_object();
}

void write_memory(GoJson& json, const Snapshot& snapshot, std::size_t row, const ApiView& view) {
  const MachineInfo* machine = snapshot.machine.get();
  const auto limit = [&](Field field) -> std::uint64_t {
    const auto value = snapshot.limit(field, row);
    return value ? shown(*value, snapshot, row) : 0;
  };
  json.begin_object("memory");
  if (is_root(snapshot, row)) {
    json.number_unless_zero("limit", machine != nullptr ? machine->memory_bytes : 0);
    json.number_unless_zero("swap_limit", machine != nullptr ? machine->swap_bytes : 0);
  } else {
    const std::uint64_t memory = limit(Field::kMemoryLimit);
    json.number_unless_zero("limit",
                            memory != 0 || machine == nullptr ? memory : machine->memory_bytes);
    std::uint64_t reservation = limit(Field::kMemoryReservation);
    // cAdvisor reads memory.min, where no runtime writes a reservation.
    if (reservation == 0)
      reservation = limit(view.strict() ? Field::kMemoryMin : Field::kMemoryLow);
    json.number_unless_zero("reservation", reservation);
    const std::uint64_t swap = limit(Field::kMemoryMemswLimit);
    json.number_unless_zero("swap_limit", swap != 0 ? swap : limit(Field::kMemorySwapLimit));
  }
  json.end_object();
}

void write_processes(GoJson& json, const Snapshot& snapshot, std::size_t row, SpecShape shape) {
  json.begin_object("processes");
  const auto limit = snapshot.limit(Field::kPidsLimit, row);
  if (limit && shape == SpecShape::kV1)
    json.number_unless_zero("limit", limit->is_none() ? kNoLimit : limit->value());
  json.end_object();
}

// A container that was restarted has the count among its labels: cAdvisor's way to tell.
std::vector<std::pair<std::string, std::string>> labels_of(const inventory::Identity& identity) {
  auto labels = identity.labels;
  if (identity.restart_count > 0) {
    labels.emplace_back("restartcount", std::to_string(identity.restart_count));
    std::ranges::sort(labels);
  }
  return labels;
}

}  // namespace

SpecFlags spec_flags(const Snapshot& snapshot, std::size_t row, const ApiView& view) {
  const auto has = [&](Field field) { return snapshot.limit(field, row).has_value(); };
  SpecFlags flags;
  flags.cpu = has(Field::kCpuUsage) || has(Field::kCpuShares) || has(Field::kCpuWeight);
  flags.memory = has(Field::kMemoryUsage) || has(Field::kMemoryLimit);
  // cAdvisor never has it on v2.
  flags.hugetlb = view.groups.has(Group::kHugetlb) && !snapshot.hugetlb.of(row).empty() &&
                  !(view.strict() && is_v2(snapshot, row));
  flags.network = view.groups.has(Group::kNetwork) && !snapshot.interfaces.of(row).empty();
  flags.processes = has(Field::kPids);
  flags.filesystem = view.groups.has(Group::kDisk) && !snapshot.filesystems.of(row).empty();
  flags.diskio = view.groups.has(Group::kDiskIo) &&
                 (has(Field::kIoReadBytes) || !snapshot.devices.of(row).empty());
  return flags;
}

void write_spec(GoJson& json, const Snapshot& snapshot, std::size_t row, const ApiView& view,
                SpecShape shape) {
  const Row& entry = snapshot.rows[row];
  const inventory::Identity& identity = *entry.identity;
  const SpecFlags flags = spec_flags(snapshot, row, view);
  const bool v2 = shape == SpecShape::kV2;
  json.begin_object();
  json.time("creation_time", entry.created);
  json.time("start_time", identity.started);
  if (v2) {
    const ContainerReference reference = reference_of(identity);
    if (!reference.aliases.empty()) {
      json.begin_array("aliases");
      for (const std::string& alias : reference.aliases) json.element(std::string_view(alias));
      json.end_array();
    }
    json.text_unless_empty("namespace", reference.name_space);
  }
  json.map_unless_empty("labels", labels_of(identity));
  json.map_unless_empty("envs", identity.environment);
  json.flag("has_cpu", flags.cpu);
  write_cpu(json, snapshot, row, view, shape);
  json.flag("has_memory", flags.memory);
  write_memory(json, snapshot, row, view);
  json.flag("has_hugetlb", flags.hugetlb);
  if (v2) json.flag("has_custom_metrics", false);
  if (!v2) json.flag("has_network", flags.network);
  json.flag("has_processes", flags.processes);
  write_processes(json, snapshot, row, shape);
  if (v2) json.flag("has_network", flags.network);
  json.flag("has_filesystem", flags.filesystem);
  json.flag("has_diskio", flags.diskio);
  if (!v2) json.flag("has_custom_metrics", false);
  json.text_unless_empty("image", identity.image);
  json.end_object();
}

}  // namespace plimsoll::exporter
