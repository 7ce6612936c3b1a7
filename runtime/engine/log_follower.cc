#include "runtime/engine/log_follower.h"

#include <chrono>
#include <utility>

namespace plimsoll::engine {
namespace {

constexpr std::size_t kMostPending = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kLookAgain(20);

}  // namespace

LogFollower::LogFollower(Loop& loop, Pool& pool, std::string path, const LogOptions& options,
                         std::string details, Output output)
    : loop_(loop),
      pool_(pool),
      options_(options),
      filter_(options, std::move(details)),
      output_(std::move(output)),
      last_(!options_.follow),
      cursor_(std::move(path)) {
  if (options_.tail)
    cursor_.from_tail(*options_.tail);
  else
    cursor_.from_start();
}

void LogFollower::wake() {
  if (done_) return;
  {
    const std::lock_guard lock(mutex_);
    again_ = true;
    if (std::exchange(pumps_, true)) return;
  }
  pool_.post([self = shared_from_this()] { self->pump(); });
}

void LogFollower::ended() {
  last_ = true;
  wake();
}

void LogFollower::drop() {
  done_ = true;
}

void LogFollower::pump() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (done_ || !std::exchange(again_, false)) {
        pumps_ = false;
        return;
      }
    }
    // Asked before reading: what was written until then is seen.
    const bool is_last = last_;
    const Step step = read();
    if (step == Step::kEnd || (step == Step::kWait && is_last)) {
      if (!done_.exchange(true) && output_.end) output_.end();
    } else if (step == Step::kLater) {
      static_cast<void>(loop_.after(kLookAgain, [self = shared_from_this()] { self->wake(); }));
    }
  }
}

LogFollower::Step LogFollower::read() {
  while (!done_) {
    if (output_.pending && output_.pending() > kMostPending) return Step::kLater;
    const auto json = cursor_.next();
    if (!json) return Step::kWait;
    const auto line = parse_log_line(*json);
    if (!line) continue;
    const auto verdict = filter_.judge(*line);
    if (verdict == LogFilter::Verdict::kEnd) return Step::kEnd;
    if (verdict == LogFilter::Verdict::kSkip) continue;
    if (!output_.write(line->stream, filter_.render(*line))) {
      done_ = true;
      return Step::kEnd;
    }
  }
  return Step::kWait;
}

}  // namespace plimsoll::engine
