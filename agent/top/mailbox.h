// What other threads have for the one that draws.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <variant>

#include "agent/stats/row.h"
#include "agent/top/model.h"
#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::agent::top {

// Of the source; an empty one takes back what was said before.
struct SourceNote {
  std::string text;
};
// There will be no sample any more.
struct SourceEnd {
  std::string text;
  int exit_code = 1;
};
using Letter = std::variant<StatsFrame, SourceNote, SourceEnd, Answer>;

// Thread: post() from any; the rest from the one that reads.
class Mailbox {
 public:
  explicit Mailbox(Fd bell) : bell_(std::move(bell)) {}
  [[nodiscard]] static Result<Fd> make_bell();

  void post(Letter letter);
  // All that came, oldest first. Of samples that nobody has seen yet only the newest
  // `kUnseenFrames` are kept.
  [[nodiscard]] std::deque<Letter> take();
  // Readable while something is there.
  [[nodiscard]] const Fd& bell() const { return bell_; }

  static constexpr std::size_t kUnseenFrames = 10;

 private:
  void drop_old_frames();

  Fd bell_;
  std::mutex mutex_;
  std::deque<Letter> letters_;  // Under mutex_.
};

}  // namespace plimsoll::agent::top
