#include "agent/engine/notify.h"

#include <systemd/sd-daemon.h>

#include "base/log.h"

namespace plimsoll::agent {

void notify_manager(const std::string& state) {
  if (const int failed = ::sd_notify(0, state.c_str()); failed < 0)
    log::debug("sd_notify " + state + " failed with errno " + std::to_string(-failed));
}

std::optional<std::chrono::microseconds> watchdog_time() {
  std::uint64_t usec = 0;
  if (::sd_watchdog_enabled(0, &usec) <= 0) return std::nullopt;
  return std::chrono::microseconds(usec);
}

}  // namespace plimsoll::agent
