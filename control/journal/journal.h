// The journal of intent: what is about to be changed is on disk before the kernel hears of it, so
// that whoever starts after a kill knows what to take back. It also keeps what was found before our
// first change, and leases.
//
// Files in its store: "journal"; "journal.damaged.N" are copies of what could not be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/journal/state.h"
#include "control/store/store.h"

namespace plimsoll::control {

// What opening found, for the log and the audit.
struct JournalOpening {
  bool fresh = false;               // There was none.
  std::size_t torn_bytes = 0;       // A half record at the end, as a kill leaves it: cut off.
  std::size_t lost_bytes = 0;       // Unreadable bytes with good records behind them.
  std::size_t unknown = 0;          // Records of a version that we do not know.
  std::string kept_as;              // Where the unreadable file was copied to.
  std::size_t dropped_by_boot = 0;  // Changes, found values and leases of an earlier boot.
  // Nothing can be written: changes are refused until something can be.
  std::optional<Error> unwritable;
};

// Safe from every thread.
class Journal {
 public:
  // `store` must outlive it. Fails only when there is a journal and reading it fails: limits whose
  // old values may stand in it must not be touched then.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(Store& store, const Moment& now);

  [[nodiscard]] const JournalOpening& opening() const { return opening_; }

  // Gives it its number. When it returns, the medium has it; when it fails, nothing was begun.
  [[nodiscard]] Result<std::uint64_t> begin(Begun change);
  // The same for several, all or none, with one sync; their numbers in their order.
  [[nodiscard]] Result<std::vector<std::uint64_t>> begin_all(std::vector<Begun> changes);
  // Survives a kill of the process, not of the machine: after that the groups are gone anyway.
  [[nodiscard]] Result<> note(std::span<const Record> records);
  // As note(), and counts here even where it fails, because it has happened. The next begin() then
  // writes the journal anew.
  [[nodiscard]] Result<> settle(std::span<const Record> records);

  // Counts here; the file does not get it before the next begin(), so that after a kill it is as if
  // it had not been.
  void settle_in_memory(const Record& record);

  // `look` must not call the journal.
  template <class Look>
  [[nodiscard]] auto with_state(Look look) const {
    const std::scoped_lock guard(mutex_);
    return look(static_cast<const State&>(state_));
  }
  [[nodiscard]] State state() const {
    return with_state([](const State& state) { return state; });
  }

 private:
  explicit Journal(Store& store) : store_(store) {}
  Result<> load();
  Result<> keep_copy();
  Result<> append(std::span<const Record> records);
  Result<> write_anew();

  Store& store_;
  JournalOpening opening_;
  std::string unreadable_;  // Must be copied before the file is written anew.
  mutable std::mutex mutex_;
  State state_;
  std::uint64_t size_ = 0;
  std::uint64_t size_anew_ = 0;  // When it was written anew last.
  // The file may lack what state_ has, or its end may not be on the medium.
  bool sick_ = false;
};

}  // namespace plimsoll::control
