#include "agent/engine/metrics.h"

#include <chrono>
#include <optional>
#include <utility>

#include "agent/engine/metrics_text.h"

namespace plimsoll::agent {
namespace {

double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void add_changes(MetricsText& out, const control::ServiceCounts& service) {
  const control::EnforcerCounts& counts = service.changes;
  constexpr const char* kChanges = "plimsoll_limit_changes_total";
  out.family(kChanges, "counter",
             "Changes of limits: done, undone (failed and taken back), stuck (not taken back "
             "whole), refused (not begun).");
  out.sample(kChanges, {{"outcome", "done"}}, counts.done);
  out.sample(kChanges, {{"outcome", "undone"}}, counts.undone);
  out.sample(kChanges, {{"outcome", "stuck"}}, counts.stuck);
  out.sample(kChanges, {{"outcome", "refused"}}, counts.refused);
  constexpr const char* kWrites = "plimsoll_limit_writes_total";
  out.family(kWrites, "counter",
             "Control files written: done, refused (by the kernel), differs (read back as "
             "something else), "
             "undone, stuck (not taken back), gone (with the group).");
  using limit::WriteState;
  for (const WriteState state : {WriteState::kDone, WriteState::kRefused, WriteState::kDiffers,
                                 WriteState::kUndone, WriteState::kStuck, WriteState::kGone}) {
    const auto found = counts.writes.find(state);
    out.sample(kWrites, {{"outcome", limit::name_of(state)}},
               found == counts.writes.end() ? std::uint64_t{0} : found->second);
  }
  out.one("plimsoll_limit_changes_under_way", "gauge", "Changes that are begun and not ended.",
          service.under_way);
  out.one("plimsoll_limit_values", "gauge", "Values that are ours; what was found is remembered.",
          service.values);
  out.one("plimsoll_limit_leases", "gauge", "Changes for a time whose end is to come.",
          service.leases);
  out.one("plimsoll_audit_records_waiting", "gauge",
          "Audit records that the disk has not taken yet.", counts.unrecorded);
}

void add_policies(MetricsText& out, const control::PolicyCounts& policies) {
  out.one("plimsoll_policy_files", "gauge", "Policy files in force.", policies.files);
  out.one("plimsoll_policy_rules", "gauge", "Rules in force.", policies.rules);
  out.one("plimsoll_policy_groups_matched", "gauge",
          "Containers and groups for which some rule speaks.", policies.matched);
  out.one("plimsoll_policy_values_held", "gauge", "Limits that rules hold.", policies.values);
  out.one("plimsoll_policy_reloads_total", "counter", "Times the policies were read.",
          policies.reloads);
  out.one("plimsoll_policy_reload_failures_total", "counter",
          "Times they had a mistake; the rules before stay in force then.",
          policies.reload_failures);
  out.one("plimsoll_policy_last_reload_successful", "gauge",
          "Whether what is on the disk is in force.", policies.reload_ok ? 1 : 0);
  if (!policies.reload_ok_at) return;
  constexpr const char* kTime = "plimsoll_policy_last_reload_success_timestamp_seconds";
  out.family(kTime, "gauge", "When the rules in force were read.");
  out.sample(kTime, {}, seconds_of(policies.reload_ok_at->time_since_epoch()));
}

void add_drift(MetricsText& out, const control::PolicyCounts& policies) {
  const drift::DriftCounts& drift = policies.drift;
  out.one("plimsoll_drift_found_total", "counter", "Foreign writes to limits that policies hold.",
          drift.foreign);
  constexpr const char* kAnswers = "plimsoll_drift_answers_total";
  out.family(kAnswers, "counter",
             "What was done about them: reported, repaired, failed (to repair), adopted.");
  out.sample(kAnswers, {{"answer", "reported"}}, drift.reported);
  out.sample(kAnswers, {{"answer", "repaired"}}, drift.repaired);
  out.sample(kAnswers, {{"answer", "failed"}}, drift.failed);
  out.sample(kAnswers, {{"answer", "adopted"}}, drift.adopted);
  out.one("plimsoll_drift_damped_total", "counter",
          "Answers held back because the writes kept coming.", drift.slowed);
  constexpr const char* kValues = "plimsoll_drift_values";
  out.family(kValues, "gauge",
             "Limits that policies hold: held (as they should be), adopted (from somebody else), "
             "foreign (somebody else's value, left), fight (it keeps coming).");
  using drift::Calm;
  for (const Calm calm : {Calm::kHeld, Calm::kAdopted, Calm::kForeign, Calm::kFight}) {
    const auto found = policies.calm.find(calm);
    out.sample(kValues, {{"state", name_of(calm)}},
               static_cast<std::uint64_t>(found == policies.calm.end() ? 0 : found->second));
  }
}

// By the names that every Prometheus client has; what cannot be read is absent.
void add_process(MetricsText& out, const EngineProcess& process) {
  constexpr const char* kBuild = "plimsoll_build_info";
  out.family(kBuild, "gauge", "The engine's version; the value is always 1.");
  out.sample(kBuild, {{"version", process.version}}, std::uint64_t{1});
  constexpr const char* kStarted = "process_start_time_seconds";
  out.family(kStarted, "gauge", "Unix time at which the engine started.");
  out.sample(kStarted, {}, seconds_of(process.started.time_since_epoch()));
  const exporter::ProcessStats& stats = process.stats;
  if (stats.cpu_ns) {
    constexpr const char* kCpu = "process_cpu_seconds_total";
    out.family(kCpu, "counter", "CPU time the engine has used.");
    out.sample(kCpu, {}, seconds_of(std::chrono::nanoseconds(*stats.cpu_ns)));
  }
  const auto gauge = [&](const char* name, const char* help,
                         const std::optional<std::uint64_t>& value) {
    if (value) out.one(name, "gauge", help, *value);
  };
  gauge("process_resident_memory_bytes", "Resident memory of the engine.", stats.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory of the engine.", stats.virtual_bytes);
  gauge("process_open_fds", "Descriptors the engine has open.", stats.open_fds);
  gauge("process_max_fds", "Descriptors the engine may have open.", stats.max_fds);
  gauge("process_threads", "Threads of the engine.", stats.threads);
}

}  // namespace

std::string engine_metrics(std::string begun, const EngineProcess& process,
                           const control::ServiceCounts& service,
                           const control::PolicyCounts& policies) {
  MetricsText out(std::move(begun));
  add_process(out, process);
  add_changes(out, service);
  add_policies(out, policies);
  add_drift(out, policies);
  return std::move(out).text();
}

}  // namespace plimsoll::agent
