// `plimsoll stats`: docker stats for every container of the host, whoever started it.
#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

[[nodiscard]] Command stats_command();

}  // namespace plimsoll::agent
