// What a service manager wants to hear (sd_notify(3)): that we are ready, that we are alive, that
// we stop. Without one (no NOTIFY_SOCKET) all of it does nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::agent {

// What systemd puts into the environment, as text.
struct ServiceEnvironment {
  std::string
      notify_socket;  // NOTIFY_SOCKET: a path, or an abstract name after '@'; empty: nobody.
  std::string watchdog_usec;  // WATCHDOG_USEC: how long silence may last; empty: for ever.
  std::string watchdog_pid;   // WATCHDOG_PID: whom that concerns; empty: everybody.
};
ServiceEnvironment service_environment();

// WATCHDOG_USEC, if it concerns the process `pid`; nothing otherwise. kInvalidInput for what is not
// a positive number.
[[nodiscard]] Result<std::optional<std::chrono::microseconds>> watchdog_limit(
    const ServiceEnvironment& environment, std::int64_t pid);

// One thread at a time.
class ServiceManager {
 public:
  // Connects at once: later a sandbox or another user may stand between. `heartbeat` is how often
  // alive() will be called; a watchdog of less than three of these is asked for more patience.
  [[nodiscard]] static Result<ServiceManager> create(const ServiceEnvironment& environment,
                                                     const Clock& clock,
                                                     std::chrono::nanoseconds heartbeat);

  [[nodiscard]] bool listens() const { return static_cast<bool>(socket_); }

  // Something works. The first call says that the start is over, with a line for `systemctl
  // status`; the others feed the watchdog, no more often than needed. Called by what must not hang.
  void alive(std::string_view status);
  void reloading();
  void reloaded();
  void stopping();

 private:
  ServiceManager(const Clock& clock, Fd socket, std::optional<std::chrono::microseconds> watchdog)
      : clock_(&clock), socket_(std::move(socket)), watchdog_(watchdog) {}
  // A manager that does not take it is no reason to do anything else than before.
  void send(const std::string& text) const;

  const Clock* clock_;
  Fd socket_;
  std::optional<std::chrono::microseconds> watchdog_;
  bool ready_ = false;
  MonoTime fed_{};
};

}  // namespace plimsoll::agent
