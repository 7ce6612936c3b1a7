// `plimsoll doctor`: what this host offers, what is missing, and what to do about it.
#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

[[nodiscard]] Command doctor_command();

}  // namespace plimsoll::agent
