#pragma once

#include <functional>
#include <vector>

#include "agent/command.h"

namespace plimsoll::agent {

using AllCommands = std::function<std::vector<Command>()>;

// `plimsoll completion bash|zsh|fish` and `plimsoll man [COMMAND...]`: made of the commands
// themselves, so nothing can be missing in them. `all` is asked when they run: they are among them.
[[nodiscard]] Command completion_command(AllCommands all);
[[nodiscard]] Command man_command(AllCommands all);

}  // namespace plimsoll::agent
