#include "cgroupfs/read/put_state.h"

#include <algorithm>

#include "cgroupfs/parse/cgroup_state.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/named.h"
#include "cgroupfs/parse/pids.h"
#include "cgroupfs/parse/pressure.h"
#include "cgroupfs/read/put.h"

namespace plimsoll::cgroupfs {

namespace {

void set_pids_events(const PidsEvents& events, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kPidsEventsMax, events.max);
}

void set_cgroup_events(const CgroupEvents& events, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kCgroupPopulated, events.populated);
  set_or_unset(sample, Field::kCgroupFrozen, events.frozen);
}

void set_cgroup_stat(const CgroupStat& stat, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kCgroupDescendants, stat.nr_descendants);
  set_or_unset(sample, Field::kCgroupDying, stat.nr_dying_descendants);
}

std::optional<std::uint64_t> total_ns(const std::optional<PressureLine>& line) {
  return line ? std::optional(usec_to_ns(line->total_usec)) : std::nullopt;
}

void set_averages(const Pressure& pressure, PressureResource resource, CgroupSample& sample) {
  const auto shares = [](const std::optional<PressureLine>& line) -> PressureAverages::Line {
    if (!line) return std::nullopt;
    const auto share = [](double percent) { return static_cast<float>(percent / 100); };
    return std::array{share(line->avg10), share(line->avg60), share(line->avg300)};
  };
  const auto i = static_cast<std::size_t>(resource);
  sample.pressure_averages.some[i] = shares(pressure.some);
  sample.pressure_averages.full[i] = shares(pressure.full);
}

template <PressureResource kResource, Field kSome, Field kFull>
void set_pressure(const Pressure& pressure, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, kSome, total_ns(pressure.some));
  set_or_unset(sample, kFull, total_ns(pressure.full));
  set_averages(pressure, kResource, sample);
}

void set_irq_pressure(const Pressure& pressure, const PutContext&, CgroupSample& sample) {
  set_or_unset(sample, Field::kPsiIrqFull, total_ns(pressure.full));
  set_averages(pressure, PressureResource::kIrq, sample);
}

std::string name_of(const NamedValue& value) {
  std::string name(value.device);
  if (!name.empty()) name += '.';
  name += value.name;
  return name;
}

template <class Lines>
Result<> put_current(Lines lines, std::vector<NamedUsage>& usages) {
  usages.clear();
  while (const std::optional<NamedValue> value = PLIMSOLL_TRY(lines.next()))
    if (!value->value.is_none())
      usages.push_back(NamedUsage{name_of(*value), value->value.value(), std::nullopt});
  return {};
}

void clear_max(std::vector<NamedUsage>& usages) {
  for (NamedUsage& usage : usages) usage.max.reset();
}

// A limit of a resource that .current does not list (none of it in use yet) is left out.
template <class Lines>
Result<> put_max(Lines lines, std::vector<NamedUsage>& usages) {
  clear_max(usages);
  while (const std::optional<NamedValue> value = PLIMSOLL_TRY(lines.next())) {
    const auto usage = std::ranges::find(usages, name_of(*value), &NamedUsage::name);
    if (usage != usages.end()) usage->max = value->value;
  }
  return {};
}

}  // namespace

Result<> put_pids_events(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_pids_events, set_pids_events>(text, context, sample);
}

Result<> put_cpu_pressure(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_pressure,
                    set_pressure<PressureResource::kCpu, Field::kPsiCpuSome, Field::kPsiCpuFull>>(
      text, context, sample);
}

Result<> put_memory_pressure(std::string_view text, const PutContext& context,
                             CgroupSample& sample) {
  return put_parsed<parse_pressure, set_pressure<PressureResource::kMemory, Field::kPsiMemorySome,
                                                 Field::kPsiMemoryFull>>(text, context, sample);
}

Result<> put_io_pressure(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_pressure,
                    set_pressure<PressureResource::kIo, Field::kPsiIoSome, Field::kPsiIoFull>>(
      text, context, sample);
}

Result<> put_irq_pressure(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_pressure, set_irq_pressure>(text, context, sample);
}

void drop_cpu_pressure(CgroupSample& sample) {
  drop_parsed<Pressure,
              set_pressure<PressureResource::kCpu, Field::kPsiCpuSome, Field::kPsiCpuFull>>(sample);
}

void drop_memory_pressure(CgroupSample& sample) {
  drop_parsed<Pressure, set_pressure<PressureResource::kMemory, Field::kPsiMemorySome,
                                     Field::kPsiMemoryFull>>(sample);
}

void drop_io_pressure(CgroupSample& sample) {
  drop_parsed<Pressure, set_pressure<PressureResource::kIo, Field::kPsiIoSome, Field::kPsiIoFull>>(
      sample);
}

void drop_irq_pressure(CgroupSample& sample) {
  drop_parsed<Pressure, set_irq_pressure>(sample);
}

Result<> put_cgroup_events(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_cgroup_events, set_cgroup_events>(text, context, sample);
}

void drop_cgroup_events(CgroupSample& sample) {
  drop_parsed<CgroupEvents, set_cgroup_events>(sample);
}

Result<> put_cgroup_stat(std::string_view text, const PutContext& context, CgroupSample& sample) {
  return put_parsed<parse_cgroup_stat, set_cgroup_stat>(text, context, sample);
}

void drop_cgroup_stat(CgroupSample& sample) {
  drop_parsed<CgroupStat, set_cgroup_stat>(sample);
}

Result<> put_freezer_state(std::string_view text, const PutContext&, CgroupSample& sample) {
  const FreezerState state = PLIMSOLL_TRY(parse_freezer_state(text));
  const bool elsewhere = sample.value(Field::kCgroupFrozen).value_or(0) != 0;
  sample.set(Field::kCgroupFrozen, state == FreezerState::kFrozen || elsewhere ? 1 : 0);
  return {};
}

void drop_freezer_state(CgroupSample&) {
  // What cgroup.events said, read just before, stands.
}

Result<> put_misc_current(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_current(MiscLines(text), sample.misc);
}

void drop_misc(CgroupSample& sample) {
  sample.misc.clear();
}

Result<> put_misc_max(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_max(MiscLines(text), sample.misc);
}

void drop_misc_max(CgroupSample& sample) {
  clear_max(sample.misc);
}

Result<> put_rdma_current(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_current(RdmaLines(text), sample.rdma);
}

void drop_rdma(CgroupSample& sample) {
  sample.rdma.clear();
}

Result<> put_rdma_max(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_max(RdmaLines(text), sample.rdma);
}

void drop_rdma_max(CgroupSample& sample) {
  clear_max(sample.rdma);
}

}  // namespace plimsoll::cgroupfs
