// A Command as CLI11 sees it: for parsing, and for whoever describes commands.
#pragma once

#include <span>

#include "agent/command.h"

namespace plimsoll::agent {

// Adds what the command and those above it (`common`) take.
void fill_app(CLI::App& app, const Command& command, std::span<const Option> common);

}  // namespace plimsoll::agent
