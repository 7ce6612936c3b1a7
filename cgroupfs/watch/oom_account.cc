#include "cgroupfs/watch/oom_account.h"

#include <algorithm>
#include <utility>

namespace plimsoll::cgroupfs {

namespace {
// The kernel may be held up between the line and the counter for as long as a slow console takes to
// print the report.
constexpr std::chrono::seconds kPatience(60);
}  // namespace

bool OomAccount::logged(MonoTime now) {
  if (ahead_ > 0) {
    --ahead_;
    return false;
  }
  ++open_;
  open_at_ = now;
  return true;
}

std::uint64_t OomAccount::counted(std::uint64_t counter, Log log) {
  counter = std::max(counter, this->counter());
  const std::uint64_t moved = counter - this->counter();
  was_counted_ = true;
  counter_ = counter;
  const std::uint64_t confirmed = std::min(moved, open_);
  open_ -= confirmed;
  const std::uint64_t unlogged = moved - confirmed;
  ahead_ = log == Log::kUpToDate ? 0 : ahead_ + unlogged;
  return unlogged;
}

void OomAccount::ended() {
  kept_ = total();
  counter_.reset();
  open_ = 0;
}

void OomAccount::settle(MonoTime now) {
  if (open_ == 0 || now - open_at_ < kPatience) return;
  kept_ += std::exchange(open_, 0);
}

}  // namespace plimsoll::cgroupfs
