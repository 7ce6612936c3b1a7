#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

// `plimsoll events`: breaches of limits, from the engine's socket.
[[nodiscard]] Command events_command();

}  // namespace plimsoll::agent
