// After a kill: changes without an end are taken back.
#include <algorithm>
#include <tuple>
#include <vector>

#include "control/enforcer/audit_of.h"
#include "control/enforcer/enforcer.h"
#include "control/enforcer/journaled_run.h"
#include "control/enforcer/side_effects.h"

namespace plimsoll::control {
namespace {

using limit::WriteState;

// The part of a change that is taken back, and where its writes stand in the whole.
struct TakenBack {
  limit::Plan plan;
  std::vector<std::uint32_t> numbers;
};

SideEffects effects_of(const OpenChange& change) {
  SideEffects effects;
  for (std::size_t i = 0; i < change.writes.size(); ++i)
    if (change.writes[i].begun) effects.add(change.begun.writes[i]);
  return effects;
}

// Another write of the change has a say in this file: its present text proves nothing about
// strangers.
bool has_other_writers(const OpenChange& change, const SideEffects& effects, std::size_t index) {
  const limit::Write& write = change.begun.writes[index];
  const bool own = change.writes[index].begun && has_say_in(write, write);
  return effects.having_say_in(write) > (own ? 1U : 0U);
}

// The write is known to have had its effect, and something else stands there now.
bool is_foreign(const OpenChange& change, const SideEffects& effects, std::size_t index,
                limit::KernelPort& port) {
  const limit::Write& write = change.begun.writes[index];
  const Progress& progress = change.writes[index];
  if (progress.state != WriteState::kDone || progress.undo_begun) return false;
  if (has_other_writers(change, effects, index)) return false;
  const auto text = port.read(write.at, write.file);
  if (!text) return false;
  const std::string_view line = limit::line_of(*text, write.key);
  return !limit::same_text(write.file, write.expected, line) &&
         !limit::same_text(write.file, write.old_text, line);
}

bool all_as_expected(const OpenChange& change, const SideEffects& effects,
                     limit::KernelPort& port) {
  for (std::size_t i = 0; i < change.writes.size(); ++i) {
    const limit::Write& write = change.begun.writes[i];
    if (!change.writes[i].begun || change.writes[i].undo_begun) return false;
    if (has_other_writers(change, effects, i)) continue;
    const auto text = port.read(write.at, write.file);
    if (!text || !limit::reads_as_expected(write, *text)) return false;
  }
  return true;
}

}  // namespace

Recovery Enforcer::recover(limit::KernelPort& port, const Moment& now) {
  Recovery recovery;
  const State state = journal_.state();
  // The newest first: each goes back to what it began from.
  for (auto change = state.open().rbegin(); change != state.open().rend(); ++change)
    recover_one(change->first, change->second, port, now, recovery);
  return recovery;
}

void Enforcer::recover_one(std::uint64_t id, const OpenChange& change, limit::KernelPort& port,
                           const Moment& now, Recovery& recovery) {
  ++recovery.changes;
  Cause cause = change.begun.cause;
  cause.rule = "recovery of: " + cause.rule;
  std::vector<AuditRecord> lines;
  const SideEffects effects = effects_of(change);
  // With a damaged journal a missing end proves little: a change that holds throughout had one.
  if (journal_.opening().lost_bytes != 0 && all_as_expected(change, effects, port)) {
    AuditRecord line = record_of(cause, now);
    line.change = id;
    line.detail = "its end is lost from the journal; it holds, and stays";
    std::ignore = record({std::move(line)});
    const Record ended = Ended{.id = id, .end = limit::Applied::End::kDone};
    std::ignore = journal_.settle({&ended, 1});
    return;
  }
  TakenBack back;
  for (std::uint32_t i = 0; i < change.writes.size(); ++i) {
    const limit::Write& write = change.begun.writes[i];
    if (!change.writes[i].begun) continue;
    if (is_foreign(change, effects, i, port)) {
      ++recovery.foreign;
      AuditRecord line = record_of(write, cause, now, id);
      line.result = "left";
      line.detail += "; somebody else has written there since";
      lines.push_back(std::move(line));
      continue;
    }
    back.plan.writes.push_back(write);
    back.numbers.push_back(i);
  }
  JournaledRun run(journal_, id, back.numbers);
  limit::Applied applied = limit::take_back(back.plan, back.plan.writes.size(), port, &run);
  applied = run.insist(back.plan, port, std::move(applied));
  for (limit::WriteOutcome& outcome : applied.writes) {
    if (outcome.state == WriteState::kStuck) {
      ++recovery.stuck;
    } else if (outcome.state == WriteState::kGone) {
      ++recovery.gone;
    } else {
      ++recovery.undone;
      outcome.state = WriteState::kUndone;
    }
  }
  auto more = records_of(back.plan, applied, cause, now, id);
  lines.insert(lines.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  close(run, applied, std::move(lines));
}

}  // namespace plimsoll::control
