// From configured names to codes that this machine's kernel takes.
#include <algorithm>

#include "exporter/collect/machine_parse.h"
#include "exporter/collect/perf.h"
#include "exporter/collect/perf_names.h"
#include "exporter/collect/sysfs_text.h"

namespace plimsoll::exporter {

namespace {

constexpr const char* kDevices = "bus/event_source/devices";

Failure unknown(const std::string& event) {
  return invalid_input(
      "perf event", "'" + event +
                        "' is no event of this machine's kernel; give one of `perf list`, or its "
                        "code under custom_events");
}

Result<PerfCode> code_in(const Pmu& pmu, const std::string& event, const std::string& whole) {
  const auto found = pmu.events.find(event);
  if (found == pmu.events.end()) return unknown(whole);
  return encode_event(pmu, found->second);
}

Result<ResolvedEvent> resolve_core(const PerfEvent& event, const DirFd& sys) {
  auto name = std::make_shared<const std::string>(event.name);
  if (event.custom) return ResolvedEvent{std::move(name), *event.custom};
  if (const auto code = generic_event(event.name)) return ResolvedEvent{std::move(name), *code};
  const std::size_t slash = event.name.find('/');
  const bool with_pmu = slash != std::string::npos;
  const Result<Pmu> pmu = read_pmu(sys, with_pmu ? event.name.substr(0, slash) : "cpu");
  if (!pmu) return unknown(event.name);
  const std::string inner = with_pmu ? event.name.substr(slash + 1) : event.name;
  return ResolvedEvent{std::move(name), PLIMSOLL_TRY(code_in(*pmu, inner, event.name))};
}

// "uncore_imc" stands for uncore_imc, uncore_imc_0, uncore_imc_1 ...
bool is_one_of(const std::string& pmu, const std::string& prefix) {
  if (pmu == prefix) return true;
  return pmu.starts_with(prefix + "_") &&
         pmu.find_first_not_of("0123456789", prefix.size() + 1) == std::string::npos;
}

Result<UncorePmu> resolve_pmu(const std::string& name, const PerfEvent& event,
                              const std::string& inner, const DirFd& sys) {
  const Pmu pmu = PLIMSOLL_TRY(read_pmu(sys, name));
  UncorePmu resolved;
  resolved.name = std::make_shared<const std::string>(name);
  PerfCode code;
  if (event.custom) {
    code = *event.custom;
    code.type = pmu.type;  // Each instance of a PMU has a number of its own.
  } else {
    code = PLIMSOLL_TRY(code_in(pmu, inner, event.name));
  }
  resolved.events.push_back({std::make_shared<const std::string>(inner), code});
  const auto cpus = PLIMSOLL_TRY(parse_cpu_list(pmu.cpumask));
  for (const std::uint32_t cpu : cpus) {
    resolved.cpus.push_back(static_cast<std::int32_t>(cpu));
    const std::string file =
        "devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/physical_package_id";
    resolved.sockets.push_back(number_of<std::int64_t>(sys, file).value_or(0));
  }
  return resolved;
}

Result<> resolve_uncore(const PerfEvent& event, const DirFd& sys, std::vector<UncorePmu>& pmus) {
  const std::size_t slash = event.name.find('/');
  if (slash == std::string::npos)
    return invalid_input("perf event", "'" + event.name + "': give uncore events as PMU/EVENT");
  const std::string prefix = event.name.substr(0, slash);
  bool found = false;
  for (const std::string& name : names_in(sys, kDevices, prefix)) {
    if (!is_one_of(name, prefix)) continue;
    found = true;
    UncorePmu one = PLIMSOLL_TRY(resolve_pmu(name, event, event.name.substr(slash + 1), sys));
    const auto same =
        std::ranges::find_if(pmus, [&](const UncorePmu& p) { return *p.name == name; });
    if (same == pmus.end())
      pmus.push_back(std::move(one));
    else
      same->events.push_back(std::move(one.events.front()));
  }
  return found ? Result<>() : unknown(event.name);
}

}  // namespace

Result<PerfPlan> plan_perf(const PerfConfig& config, const DirFd& sys) {
  PerfPlan plan;
  plan.max_counters = config.max_counters;
  for (const PerfGroup& group : config.core) {
    ResolvedGroup& resolved = plan.core.emplace_back();
    for (const PerfEvent& event : group) resolved.push_back(PLIMSOLL_TRY(resolve_core(event, sys)));
  }
  for (const PerfGroup& group : config.uncore)
    for (const PerfEvent& event : group) PLIMSOLL_TRY(resolve_uncore(event, sys, plan.uncore));
  for (const std::uint32_t cpu :
       PLIMSOLL_TRY(parse_cpu_list(line_of(sys, "devices/system/cpu/online"))))
    plan.cpus.push_back(static_cast<std::int32_t>(cpu));
  return plan;
}

}  // namespace plimsoll::exporter
