#include "runtime/engine/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <tuple>

namespace plimsoll::engine {

Result<std::unique_ptr<Loop>> Loop::start() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return os_failure("epoll_create1", "the engine's loop");
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return os_failure("eventfd", "the engine's loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake.get();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
    return os_failure("epoll_ctl", "the engine's loop");
  std::unique_ptr<Loop> loop(new Loop(std::move(epoll), std::move(wake)));
  loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
  return loop;
}

Loop::~Loop() {
  stop();
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void Loop::wake() const {
  const std::uint64_t one = 1;
  std::ignore = ::write(wake_.get(), &one, sizeof one);
}

void Loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    posted_.push_back(std::move(work));
  }
  wake();
}

Loop::Timer Loop::at(MonoTime when, std::function<void()> work) {
  Timer timer;
  {
    const std::lock_guard lock(mutex_);
    timer = {when, ++next_timer_};
    timers_.emplace(timer, std::move(work));
  }
  wake();
  return timer;
}

Loop::Timer Loop::after(std::chrono::nanoseconds time, std::function<void()> work) {
  return at(clock_.now() + time, std::move(work));
}

void Loop::cancel(const Timer& timer) {
  const std::lock_guard lock(mutex_);
  timers_.erase(timer);
}

Result<> Loop::watch(const Fd& fd, std::uint32_t events, Handler handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
    return os_failure("epoll_ctl", "a watched descriptor");
  handlers_[fd.get()] = std::make_shared<Handler>(std::move(handler));
  return {};
}

void Loop::change(const Fd& fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd.get();
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event);
}

void Loop::forget(const Fd& fd) {
  if (handlers_.erase(fd.get()) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
}

int Loop::timeout() {
  const std::lock_guard lock(mutex_);
  if (!posted_.empty() || stopping_) return 0;
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - clock_.now();
  if (left <= std::chrono::nanoseconds(0)) return 0;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  constexpr std::int64_t kHour = 3'600'000;
  return static_cast<int>(std::min<std::int64_t>(rounded, kHour));
}

void Loop::run_due() {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(posted_);
    const MonoTime now = clock_.now();
    while (!timers_.empty() && timers_.begin()->first.first <= now)
      due.push_back(std::move(timers_.extract(timers_.begin()).mapped()));
  }
  for (const auto& work : due) work();
}

void Loop::run() {
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout());
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wake_.get()) {
        std::uint64_t value = 0;
        std::ignore = ::read(wake_.get(), &value, sizeof value);
        continue;
      }
      // Held, since a handler may forget itself or another of this round.
      const auto found = handlers_.find(event.data.fd);
      if (found == handlers_.end()) continue;
      const std::shared_ptr<Handler> handler = found->second;
      (*handler)(event.events);
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    run_due();
  }
}

}  // namespace plimsoll::engine
