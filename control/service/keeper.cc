#include "control/service/keeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace plimsoll::control {
namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{300};
constexpr std::chrono::milliseconds kBetweenLooks{1};

void drain(const Fd& fd) {
  std::uint64_t count = 0;
  while (::read(fd.get(), &count, sizeof count) > 0) {
  }
}

}  // namespace

Result<std::unique_ptr<Keeper>> Keeper::start(Service& service, HostMachine& machine,
                                              KeeperLanes lanes, const Clock& clock,
                                              OnNews on_news) {
  Fd timer(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) return os_failure("timerfd_create", "CLOCK_BOOTTIME");
  Fd bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!bell) return os_failure("eventfd", "bell");
  std::unique_ptr<Keeper> keeper(new Keeper(service, machine, lanes, clock, std::move(on_news),
                                            std::move(timer), std::move(bell)));
  keeper->thread_ =
      std::jthread([self = keeper.get()](const std::stop_token& stop) { self->work(stop); });
  return keeper;
}

Keeper::~Keeper() {
  thread_.request_stop();
  wake();
}

void Keeper::wake() {
  const std::uint64_t one = 1;
  // Full only when it rings already.
  std::ignore = ::write(bell_.get(), &one, sizeof one);
}

void Keeper::work(const std::stop_token& stop) {
  for (MonoTime last; !stop.stop_requested();) {
    // Not for each of the writes that make a change, or a container.
    if (const auto since = clock_.now() - last; since < kBetweenLooks)
      std::this_thread::sleep_for(kBetweenLooks - since);
    last = clock_.now();
    const std::chrono::nanoseconds rest = look_at_groups();
    end_leases();
    arm();
    std::array<pollfd, 3> sources{
        {{bell_.get(), POLLIN, 0},
         {timer_.get(), POLLIN, 0},
         {machine_.notification_fd(), POLLIN, 0}}};  // A negative one is skipped.
    ::poll(sources.data(), sources.size(),
           static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(rest).count()));
    drain(bell_);
    drain(timer_);
  }
}

std::chrono::nanoseconds Keeper::look_at_groups() {
  const GroupNews news = machine_.news();
  std::vector<limit::Place> gone;
  for (const KnownGroup& group : news.removed)
    for (std::size_t h = 0; h < cgroupfs::kMaxHierarchies; ++h)
      if (group.cgroup.in(h)) gone.push_back({group.cgroup.path, h, group.cgroup.inode[h]});
  if (!gone.empty()) service_.forget(gone);
  std::chrono::nanoseconds rest = machine_.longest_rest();
  if (on_news_) rest = std::min(rest, on_news_(news));
  return std::max(rest, std::chrono::nanoseconds(0));
}

void Keeper::end_leases() {
  for (const std::uint64_t lease : service_.due_leases()) {
    {
      const std::scoped_lock guard(mutex_);
      Retry& retry = retries_[lease];
      if (retry.under_way || clock_.now() < retry.at) continue;
      retry.under_way = true;
    }
    if (auto taken = lanes_.changes.submit([this, lease] { end_one(lease); }); !taken)
      ended({.lease = lease, .fault = Fault(taken.error())});
  }
}

// Which lane it needs is known when it is planned.
void Keeper::end_one(std::uint64_t lease) {
  auto ending = service_.draft_ending(lease);
  if (!ending) return ended({.lease = lease, .fault = ending.error()});
  if (!ending->shrinks) return ended(service_.carry_out(*ending));
  auto shared = std::make_shared<Ending>(*std::move(ending));
  auto taken = lanes_.shrinks.submit([this, shared] { ended(service_.carry_out(*shared)); });
  if (!taken) ended({.lease = lease, .fault = Fault(taken.error())});
}

void Keeper::ended(const LeaseEnd& end) {
  const std::scoped_lock guard(mutex_);
  if (!end.fault) {
    retries_.erase(end.lease);
    log::info("lease " + std::to_string(end.lease) + " is over");
  } else {
    Retry& retry = retries_[end.lease];
    retry.under_way = false;
    retry.pause = std::clamp<std::chrono::nanoseconds>(2 * retry.pause, kFirstPause, kLongestPause);
    retry.at = clock_.now() + retry.pause;
    log::warn(
        "lease " + std::to_string(end.lease) +
        " is over and cannot be ended yet: " + end.fault->message + "; tried again in " +
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(retry.pause).count()) +
        " s");
  }
  wake();
}

// The timer says when the next lease ends; those that are to be tried again have their own time.
void Keeper::arm() {
  std::optional<std::chrono::nanoseconds> next;
  const auto sooner = [&](std::chrono::nanoseconds in) { next = next ? std::min(*next, in) : in; };
  if (const auto lease = service_.next_lease_end(); lease && *lease > std::chrono::nanoseconds(0))
    sooner(*lease);
  {
    const std::scoped_lock guard(mutex_);
    for (const auto& [id, retry] : retries_)
      if (!retry.under_way) sooner(retry.at - clock_.now());
  }
  itimerspec when{};
  if (next) {
    // Nought would switch it off.
    const auto in = std::max(*next, std::chrono::nanoseconds(1));
    when.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(in).count();
    when.it_value.tv_nsec = (in % std::chrono::seconds(1)).count();
  }
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

}  // namespace plimsoll::control
