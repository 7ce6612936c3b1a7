// What apply() tells while it works, into the journal. For the enforcer alone.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "control/enforcer/enforcer.h"

namespace plimsoll::control {

class JournaledRun final : public limit::WriteJournal {
 public:
  // `numbers`: of the plan's writes in the journal's record; empty: as they stand.
  JournaledRun(Journal& journal, std::uint64_t id, std::vector<std::uint32_t> numbers = {})
      : journal_(journal), id_(id), numbers_(std::move(numbers)) {}
  void set_gate(const Gate& gate, limit::KernelPort& port) {
    gate_ = &gate;
    port_ = &port;
  }

  Result<> before_write(const limit::Plan& plan, std::size_t index) override {
    pending_.push_back(step(index, Step::kBeforeWrite));
    PLIMSOLL_TRY(flush());
    return gate_ != nullptr && *gate_ ? (*gate_)(plan, index, *port_) : Result<>();
  }
  void after_write(const limit::Plan&, std::size_t index,
                   const limit::WriteOutcome& outcome) override {
    // Goes with the next record: a kill in between leaves one write whose outcome is not known,
    // which the kernel's file tells as well.
    pending_.push_back(step(index, Step::kAfterWrite, &outcome));
  }
  void before_undo(const limit::Plan&, std::size_t index) override {
    pending_.push_back(step(index, Step::kBeforeUndo));
    // Taking back goes on without a journal: it may be done twice.
    std::ignore = flush();
  }
  void after_undo(const limit::Plan&, std::size_t index,
                  const limit::WriteOutcome& outcome) override {
    pending_.push_back(step(index, Step::kAfterUndo, &outcome));
  }

  // What could not be taken back may be a moment later: many errors pass.
  limit::Applied insist(const limit::Plan& plan, limit::KernelPort& port, limit::Applied applied) {
    using limit::WriteState;
    if (applied.end != limit::Applied::End::kStuck) return applied;
    std::size_t begun = applied.writes.size();
    while (begun > 0 && applied.writes[begun - 1].state == WriteState::kNotTried) --begun;
    limit::Applied again = limit::take_back(plan, begun, port, this);
    for (std::size_t i = 0; i < begun; ++i) {
      limit::WriteOutcome& outcome = applied.writes[i];
      if (again.writes[i].state == WriteState::kStuck) {
        outcome = std::move(again.writes[i]);
      } else if (outcome.state == WriteState::kStuck) {
        outcome.state = WriteState::kUndone;
        outcome.undo_error.reset();
      }
    }
    applied.end = again.end;
    return applied;
  }

  // The last word.
  Result<> end(const limit::Applied& applied, std::span<const Record> after = {}) {
    std::vector<Record> records = std::exchange(pending_, {});
    records.emplace_back(ended(applied));
    records.insert(records.end(), after.begin(), after.end());
    return journal_.settle(records);
  }
  // The same, but the file goes on without it.
  void end_in_memory(const limit::Applied& applied) {
    const Record record = ended(applied);
    journal_.settle_in_memory(record);
  }

 private:
  [[nodiscard]] Ended ended(const limit::Applied& applied) const {
    Ended ended{.id = id_, .end = applied.end};
    for (std::size_t i = 0; i < applied.writes.size(); ++i)
      if (applied.writes[i].state == limit::WriteState::kStuck) ended.stuck.push_back(number(i));
    return ended;
  }
  [[nodiscard]] std::uint32_t number(std::size_t index) const {
    return numbers_.empty() ? static_cast<std::uint32_t>(index) : numbers_[index];
  }
  [[nodiscard]] Record step(std::size_t index, Step step,
                            const limit::WriteOutcome* outcome = nullptr) const {
    Stepped record{.id = id_, .write = number(index), .step = step};
    if (outcome != nullptr) {
      record.state = outcome->state;
      record.read_back = outcome->read_back;
    }
    return record;
  }
  Result<> flush() {
    auto noted = journal_.note(pending_);
    if (noted) pending_.clear();
    return noted;
  }

  Journal& journal_;
  std::uint64_t id_;
  std::vector<std::uint32_t> numbers_;
  const Gate* gate_ = nullptr;
  limit::KernelPort* port_ = nullptr;
  std::vector<Record> pending_;
};

}  // namespace plimsoll::control
