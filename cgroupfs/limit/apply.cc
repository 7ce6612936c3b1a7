#include "cgroupfs/limit/apply.h"

#include <utility>

#include "base/text.h"

namespace plimsoll::limit {
namespace {

// Of one run: the plan, the way to the kernel, and what happened so far.
class Run {
 public:
  Run(const Plan& plan, KernelPort& port, WriteJournal* journal)
      : plan_(plan), port_(port), journal_(journal) {
    applied_.writes.resize(plan.writes.size());
  }

  Applied forward() {
    for (std::size_t i = 0; i < plan_.writes.size(); ++i) {
      if (step(i)) continue;
      applied_.failed = i;
      back(i + 1);
      break;
    }
    return std::move(applied_);
  }

  Applied backward(std::size_t begun) {
    for (std::size_t i = 0; i < begun; ++i) applied_.writes[i].state = WriteState::kDiffers;
    back(begun);
    return std::move(applied_);
  }

 private:
  bool step(std::size_t index) {
    if (journal_ != nullptr) {
      if (auto noted = journal_->before_write(plan_, index); !noted) {
        applied_.error = std::move(noted).error();
        return false;
      }
    }
    WriteOutcome& outcome = applied_.writes[index];
    outcome = write(plan_.writes[index]);
    if (journal_ != nullptr) journal_->after_write(plan_, index, outcome);
    if (outcome.state == WriteState::kDone) return true;
    applied_.error = outcome.error;
    return false;
  }

  WriteOutcome write(const Write& write) {
    WriteOutcome outcome;
    if (auto done = port_.write(write.at, write.file, write.new_text); !done) {
      outcome.state =
          done.error().kind == ErrorKind::kGone ? WriteState::kGone : WriteState::kRefused;
      outcome.error = std::move(done).error();
      return outcome;
    }
    outcome.state = WriteState::kDiffers;
    if (auto verified = verify(write, outcome); !verified) {
      if (verified.error().kind == ErrorKind::kGone) outcome.state = WriteState::kGone;
      outcome.error = std::move(verified).error();
      return outcome;
    }
    outcome.state = WriteState::kDone;
    return outcome;
  }

  Result<> verify(const Write& write, WriteOutcome& outcome) {
    const std::string text = PLIMSOLL_TRY(port_.read(write.at, write.file));
    outcome.read_back = line_of(text, write.key);
    if (!reads_as_expected(write, text))
      return failure(ErrorKind::kRejected, "read back",
                     write.file + " is \"" + outcome.read_back + "\" after writing \"" +
                         write.new_text + "\", not \"" + write.expected + "\"");
    if (write.effective_file.empty()) return {};
    outcome.effective = PLIMSOLL_TRY(port_.read(write.at, write.effective_file));
    if (outcome.effective == write.effective_text) return {};
    return failure(ErrorKind::kRejected, "read back",
                   write.effective_file + " is \"" + outcome.effective + "\", not \"" +
                       write.effective_text + "\": an ancestor's limit holds instead");
  }

  // Takes back the writes [0, end), the last one first.
  void back(std::size_t end) {
    bool stuck = false;
    for (std::size_t i = end; i-- > 0;) {
      WriteOutcome& outcome = applied_.writes[i];
      if (outcome.state == WriteState::kNotTried || outcome.state == WriteState::kGone) continue;
      // A write that says no should have left everything as it was; that is looked at, not
      // believed.
      if (outcome.state == WriteState::kRefused && is_old(plan_.writes[i])) continue;
      if (journal_ != nullptr) journal_->before_undo(plan_, i);
      undo(plan_.writes[i], outcome);
      if (journal_ != nullptr) journal_->after_undo(plan_, i, outcome);
      stuck = stuck || outcome.state == WriteState::kStuck;
    }
    applied_.end = stuck ? Applied::End::kStuck : Applied::End::kUndone;
  }

  void undo(const Write& write, WriteOutcome& outcome) {
    auto undone = try_undo(write);
    if (undone) {
      // What did not hold stays named as such; it is no longer there all the same.
      if (outcome.state == WriteState::kDone) outcome.state = WriteState::kUndone;
      return;
    }
    const bool gone = undone.error().kind == ErrorKind::kGone;
    outcome.state = gone ? WriteState::kGone : WriteState::kStuck;
    outcome.undo_error = std::move(undone).error();
  }

  bool is_old(const Write& write) {
    const auto text = port_.read(write.at, write.file);
    return text && line_of(*text, write.key) == write.old_text;
  }

  Result<> try_undo(const Write& write) {
    // Side effects on other files are undone by the writes after the first: only a lone one is
    // spared.
    if (write.undo.size() <= 1 && is_old(write)) return {};
    for (const UndoWrite& back : write.undo)
      PLIMSOLL_TRY(port_.write(write.at, back.file, back.text));
    const std::string text = PLIMSOLL_TRY(port_.read(write.at, write.file));
    if (line_of(text, write.key) == write.old_text) return {};
    return failure(ErrorKind::kRejected, "read back",
                   write.file + " is \"" + std::string(line_of(text, write.key)) +
                       "\" after being put back to \"" + write.old_text + "\"");
  }

  const Plan& plan_;
  KernelPort& port_;
  WriteJournal* journal_;
  Applied applied_;
};

}  // namespace

std::string_view name_of(WriteState state) {
  switch (state) {
    case WriteState::kNotTried:
      return "not tried";
    case WriteState::kDone:
      return "done";
    case WriteState::kRefused:
      return "refused";
    case WriteState::kDiffers:
      return "differs";
    case WriteState::kUndone:
      return "undone";
    case WriteState::kStuck:
      return "stuck";
    case WriteState::kGone:
      break;
  }
  return "gone";
}

std::string_view name_of(Applied::End end) {
  switch (end) {
    case Applied::End::kDone:
      return "done";
    case Applied::End::kUndone:
      return "undone";
    case Applied::End::kStuck:
      break;
  }
  return "stuck";
}

std::string_view line_of(std::string_view text, std::string_view key) {
  if (key.empty()) return text;
  for (std::string_view line; next_line(text, line);)
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return line.substr(key.size() + 1);
  return {};
}

bool reads_as_expected(const Write& write, std::string_view text) {
  const std::string_view line = line_of(text, write.key);
  if (line == write.expected) return true;
  // On its way: processes stop one by one
  // (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst).
  return write.file == "freezer.state" && write.expected == "FROZEN" && line == "FREEZING";
}

Applied apply(const Plan& plan, KernelPort& port, WriteJournal* journal) {
  if (plan.ok()) return Run(plan, port, journal).forward();
  Applied nothing;
  nothing.end = Applied::End::kUndone;
  nothing.writes.resize(plan.writes.size());
  nothing.error = invalid_input("apply", "the plan has refusals").error();
  return nothing;
}

Applied take_back(const Plan& plan, std::size_t begun, KernelPort& port, WriteJournal* journal) {
  return Run(plan, port, journal).backward(std::min(begun, plan.writes.size()));
}

}  // namespace plimsoll::limit
