// `plimsoll top`: who is near a limit, live.
#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

[[nodiscard]] Command top_command();

}  // namespace plimsoll::agent
