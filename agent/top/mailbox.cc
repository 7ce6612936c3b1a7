#include "agent/top/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace plimsoll::agent::top {

namespace {
bool is_frame(const Letter& letter) {
  return std::holds_alternative<StatsFrame>(letter);
}
}  // namespace

Result<Fd> Mailbox::make_bell() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return os_failure("eventfd", "top");
  return Fd(fd);
}

void Mailbox::drop_old_frames() {
  auto frames = static_cast<std::size_t>(std::ranges::count_if(letters_, is_frame));
  for (; frames > kUnseenFrames; --frames) letters_.erase(std::ranges::find_if(letters_, is_frame));
}

void Mailbox::post(Letter letter) {
  {
    const std::lock_guard lock(mutex_);
    letters_.push_back(std::move(letter));
    drop_old_frames();  // Stopped by ^Z, nobody reads.
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(bell_.get(), &one, sizeof one);
}

std::deque<Letter> Mailbox::take() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t n = ::read(bell_.get(), &rings, sizeof rings);
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_, {});
}

}  // namespace plimsoll::agent::top
