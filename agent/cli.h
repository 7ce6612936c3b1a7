// The root of the command line.
//
// To add a subcommand: write `Command foo_command()` beside its code (agent/command.h) and list it
// in all_commands() (commands.cc).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/command.h"

namespace plimsoll::agent {

// Every subcommand, in the order of the help text.
[[nodiscard]] std::vector<Command> all_commands();

// Parses, runs and returns the exit code. Results go to stdout, messages to stderr. SIGPIPE is
// ignored from here on: writers see EPIPE and stop quietly.
[[nodiscard]] int main_cli(int argc, char** argv);

// The same for given commands and arguments (without the program's name).
[[nodiscard]] int run_cli(std::span<const Command> commands, std::vector<std::string> arguments);

}  // namespace plimsoll::agent
