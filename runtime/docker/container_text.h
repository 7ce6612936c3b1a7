// What people read of a container in `docker ps`: rendered here, as dockerd does, because clients
// print it as it comes. Pure.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "runtime/engine/container.h"

namespace plimsoll::docker {

// "Less than a second", "About a minute", "3 hours", "2 weeks".
[[nodiscard]] std::string human_duration(std::chrono::nanoseconds duration);

// "Up 2 hours (healthy)", "Exited (137) 3 minutes ago".
[[nodiscard]] std::string status_text(const engine::State& state, WallTime now);

// "created", "running", ...
[[nodiscard]] std::string state_word(engine::Status status);

// The program and what it is given, as one line.
[[nodiscard]] std::string command_text(const engine::Container& container);

// RFC 3339; the year 1, where something never happened.
[[nodiscard]] std::string time_text(const std::optional<WallTime>& time);

}  // namespace plimsoll::docker
