#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

// `plimsoll engine`: its flags, and how they become an EngineConfig.
[[nodiscard]] Command engine_command();

}  // namespace plimsoll::agent
