#include "cgroupfs/limit/apply.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::limit {
namespace {

using SameWord = bool (*)(std::string_view, std::string_view);

bool plain_word(std::string_view a, std::string_view b) {
  return a == b;
}

// "rpct=95" and "rpct=95.00" are the same.
bool cost_word(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::size_t equals = a.find('=');
  if (equals == std::string_view::npos || !b.starts_with(a.substr(0, equals + 1))) return false;
  const auto left = to_double(a.substr(equals + 1));
  const auto right = to_double(b.substr(equals + 1));
  return left && right && *left == *right;
}

// Every word of `some` is in `all`.
bool has_words(std::string_view all, std::string_view some, SameWord same) {
  for (std::string_view wanted; next_word(some, wanted);) {
    bool found = false;
    std::string_view rest = all;
    for (std::string_view word; !found && next_word(rest, word);) found = same(wanted, word);
    if (!found) return false;
  }
  return true;
}

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
    // A v1 freezer that an ancestor has frozen reads the same whatever it is told itself.
    if (same_text(write.file, write.expected, write.old_text)) return false;
    const auto text = port_.read(write.at, write.file);
    return text && same_text(write.file, write.old_text, line_of(*text, write.key));
  }

  Result<> try_undo(const Write& write) {
    // Side effects on other files are undone by the writes after the first: only a lone one is
    // spared.
    if (write.undo.size() <= 1 && is_old(write)) return {};
    for (const UndoWrite& back : write.undo)
      PLIMSOLL_TRY(port_.write(write.at, back.file, back.text));
    const std::string text = PLIMSOLL_TRY(port_.read(write.at, write.file));
    const std::string& wanted = text_after_undo(write);
    if (same_text(write.file, wanted, line_of(text, write.key))) return {};
    return failure(ErrorKind::kRejected, "read back",
                   write.file + " is \"" + std::string(line_of(text, write.key)) +
                       "\" after being put back to \"" + wanted + "\"");
  }

  const Plan& plan_;
  KernelPort& port_;
  WriteJournal* journal_;
  Applied applied_;
};

}  // namespace

const std::string& text_after_undo(const Write& write) {
  const bool list = write.file == "cpuset.cpus" || write.file == "cpuset.mems";
  return list && write.old_text.empty() && !write.undo.empty() ? write.undo.front().text
                                                               : write.old_text;
}

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

bool same_text(std::string_view file, std::string_view expected, std::string_view text) {
  if (expected == text) return true;
  // Processes stop one by one (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst).
  if (file == "freezer.state") return expected == "FROZEN" && text == "FREEZING";
  if (file == "cgroup.subtree_control")
    return has_words(text, expected, plain_word) && has_words(expected, text, plain_word);
  // The kernel adds the keys that were not given.
  if (file == "io.cost.qos" && expected.empty()) return has_words(text, "enable=0", plain_word);
  if (file == "io.cost.model" && expected.empty()) return has_words(text, "ctrl=auto", plain_word);
  if (file.starts_with("io.cost.")) return has_words(text, expected, cost_word);
  return false;
}

bool reads_as_expected(const Write& write, std::string_view text) {
  return same_text(write.file, write.expected, line_of(text, write.key));
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
