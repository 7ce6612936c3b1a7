// `plimsoll limit`: shows, plans and changes limits through the engine.
#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

[[nodiscard]] Command limit_command();

}  // namespace plimsoll::agent
