#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

// `plimsoll recommend`: limits proposed from an exporter's history. No engine is needed.
[[nodiscard]] Command recommend_command();

}  // namespace plimsoll::agent
