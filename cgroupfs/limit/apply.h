// Executes a plan: write, read back, and on any failure take back what was written, in reverse.
//
// Everything or nothing, as far as the kernel lets us: where it does not, the outcome says which
// file of which group stayed. Blocks as long as the kernel does; call it on a worker thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"

namespace plimsoll::limit {

enum class WriteState : std::uint8_t {
  kNotTried,  // An earlier one failed.
  kDone,      // Written, and read back as expected.
  kRefused,   // The kernel said no: nothing changed.
  kDiffers,   // Written, but it reads back as something else, or could not be read back; then
              // undone.
  kUndone,    // Done, then taken back because another one failed.
  kStuck,     // Should have been taken back, and could not be.
  kGone       // The group vanished, and its limits with it: nothing left to take back.
};
[[nodiscard]] std::string_view name_of(WriteState state);

struct WriteOutcome {
  WriteState state = WriteState::kNotTried;
  std::string read_back;            // What the file, or the key's line, said after the write.
  std::string effective;            // What Write::effective_file said.
  std::optional<Error> error;       // Why it is kRefused or kDiffers.
  std::optional<Error> undo_error;  // Why it is kStuck.
};

struct Applied {
  enum class End : std::uint8_t {
    kDone,    // Everything wanted holds.
    kUndone,  // Nothing changed, all told.
    kStuck    // Neither: see the outcomes with kStuck.
  } end = End::kDone;
  std::vector<WriteOutcome> writes;   // One per write of the plan.
  std::optional<std::size_t> failed;  // The write that ended it.
  std::optional<Error> error;         // Of that write, or of the journal.
};
[[nodiscard]] std::string_view name_of(Applied::End end);

// Told before anything happens, so that a crash at any point can be explained. Called on the thread
// of apply().
class WriteJournal {
 public:
  virtual ~WriteJournal() = default;
  // Write `index` comes next. A failure stops the plan there and undoes it.
  [[nodiscard]] virtual Result<> before_write(const Plan& plan, std::size_t index) = 0;
  virtual void after_write(const Plan& plan, std::size_t index, const WriteOutcome& outcome) = 0;
  // Write `index` is taken back next. There is no way to stop that.
  virtual void before_undo(const Plan& plan, std::size_t index) = 0;
  virtual void after_undo(const Plan& plan, std::size_t index, const WriteOutcome& outcome) = 0;
};

// A plan that is not ok() is not begun: kInvalidInput, nothing written. `journal` may be null.
[[nodiscard]] Applied apply(const Plan& plan, KernelPort& port, WriteJournal* journal = nullptr);

// After a crash: takes back the writes [0, begun) of a plan in reverse. A write whose file has the
// old text already is left alone, so it does not matter whether the last one happened.
[[nodiscard]] Applied take_back(const Plan& plan, std::size_t begun, KernelPort& port,
                                WriteJournal* journal = nullptr);

// Whether two texts of a control file (or two lines of one) say the same: the order of controllers
// and the spelling of io.cost's numbers do not count, nor does a freezer that is still on its way.
[[nodiscard]] bool same_text(std::string_view file, std::string_view expected,
                             std::string_view text);
// True when `text`, the whole file, says what the write expected.
[[nodiscard]] bool reads_as_expected(const Write& write, std::string_view text);
// What its file, or the key's line, says after it was taken back: the old text; where a cpuset of
// processes had no list of its own, what stands for none.
[[nodiscard]] const std::string& text_after_undo(const Write& write);
// The key's line of a file with a line per device, without the key; the whole text without a key.
[[nodiscard]] std::string_view line_of(std::string_view text, std::string_view key);

}  // namespace plimsoll::limit
