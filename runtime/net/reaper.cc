#include "runtime/net/reaper.h"

#include "base/error.h"
#include "base/log.h"
#include "runtime/net/links.h"
#include "runtime/net/route_socket.h"

namespace plimsoll::net {

namespace {

Result<> remove_all(const std::vector<std::string>& links) {
  RouteSocket socket = PLIMSOLL_TRY(RouteSocket::open());
  for (const std::string& link : links) {
    const int index = PLIMSOLL_TRY(socket.index_of(link));
    if (index != 0) PLIMSOLL_TRY(remove_link(socket, link));
  }
  return {};
}

}  // namespace

Reaper::Reaper(std::chrono::milliseconds patience)
    : patience_(patience), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Reaper::~Reaper() = default;

void Reaper::remove(std::vector<std::string> links, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({.due = std::chrono::steady_clock::now() + patience_,
                      .links = std::move(links),
                      .done = std::move(done)});
  }
  changed_.notify_one();
}

void Reaper::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!changed_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
    const auto due = tasks_.front().due;
    // Later tasks are due later: nothing but the end is worth waking up for.
    (void)changed_.wait_until(lock, stop, due, [] { return false; });
    if (stop.stop_requested()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    const Result<> removed = remove_all(task.links);
    if (removed)
      task.done();
    else
      log::warn("network: " + removed.error().message());
    lock.lock();
  }
}

}  // namespace plimsoll::net
