// The thread that looks after what nobody asks for: leases that end, groups that go, and what is to
// be done when a group appears or somebody writes to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "control/enforcer/worker.h"
#include "control/service/host_machine.h"
#include "control/service/service.h"

namespace plimsoll::control {

struct KeeperLanes {
  Worker& changes;
  Worker& shrinks;
};

class Keeper {
 public:
  // Gives how long it may be left alone if there is no news.
  using OnNews = std::function<std::chrono::nanoseconds(const GroupNews& news)>;

  // All must outlive it. `on_news` runs on the keeper's thread, and may be empty.
  [[nodiscard]] static Result<std::unique_ptr<Keeper>> start(Service& service, HostMachine& machine,
                                                             KeeperLanes lanes, const Clock& clock,
                                                             OnNews on_news = {});
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Any thread: there may be another lease, or another next thing to do.
  void wake();

 private:
  struct Retry {
    MonoTime at;
    std::chrono::nanoseconds pause{};
    bool under_way = false;
  };

  Keeper(Service& service, HostMachine& machine, KeeperLanes lanes, const Clock& clock,
         OnNews on_news, Fd timer, Fd bell)
      : service_(service),
        machine_(machine),
        lanes_(lanes),
        clock_(clock),
        on_news_(std::move(on_news)),
        timer_(std::move(timer)),
        bell_(std::move(bell)) {}

  void work(const std::stop_token& stop);
  // How long it may be until the next look.
  [[nodiscard]] std::chrono::nanoseconds look_at_groups();
  void end_leases();
  void end_one(std::uint64_t lease);
  void ended(const LeaseEnd& end);
  void arm();

  Service& service_;
  HostMachine& machine_;
  const KeeperLanes lanes_;
  const Clock& clock_;
  const OnNews on_news_;
  Fd timer_;  // On the clock that leases count on.
  Fd bell_;
  std::mutex mutex_;  // Of `retries_`: a lane tells what came of a lease.
  std::map<std::uint64_t, Retry> retries_;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace plimsoll::control
