// Telling systemd how we are (sd_notify(3)). Nobody is told where nobody asked.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace plimsoll::agent {

// "READY=1", "STOPPING=1", "STATUS=...".
void notify_manager(const std::string& state);
// Within this time WATCHDOG=1 is expected, again and again.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_time();

}  // namespace plimsoll::agent
