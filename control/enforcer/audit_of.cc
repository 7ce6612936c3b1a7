#include "control/enforcer/audit_of.h"

#include <utility>

namespace plimsoll::control {

AuditRecord record_of(const Cause& cause, const Moment& now) {
  AuditRecord record;
  record.time = now.wall;
  record.uid = cause.uid;
  record.pid = cause.pid;
  record.comm = cause.comm;
  record.rule = cause.rule;
  return record;
}

AuditRecord record_of(const limit::Write& write, const Cause& cause, const Moment& now,
                      std::uint64_t change) {
  AuditRecord record = record_of(cause, now);
  record.kind = AuditRecord::Kind::kWrite;
  record.change = change;
  record.cgroup = write.at.cgroup;
  if (write.knob) record.knob = limit::name_of(*write.knob);
  record.file = write.file;
  record.key = write.key;
  record.old_text = write.old_text;
  record.new_text = write.new_text;
  record.detail = write.reason;
  return record;
}

std::vector<AuditRecord> records_of(const limit::Plan& plan, const limit::Applied& applied,
                                    const Cause& cause, const Moment& now, std::uint64_t change) {
  std::vector<AuditRecord> records;
  for (std::size_t i = 0; i < applied.writes.size(); ++i) {
    const limit::WriteOutcome& outcome = applied.writes[i];
    const bool stopped_here = applied.failed == i;
    if (outcome.state == limit::WriteState::kNotTried && !stopped_here) continue;
    AuditRecord record = record_of(plan.writes[i], cause, now, change);
    record.read_back = outcome.read_back;
    record.result = limit::name_of(outcome.state);
    if (stopped_here && applied.error) record.detail += "; " + applied.error->message();
    if (outcome.undo_error) record.detail += "; not taken back: " + outcome.undo_error->message();
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace plimsoll::control
