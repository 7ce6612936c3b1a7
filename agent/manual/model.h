// The command line described, for manual pages and completions: everything that `--help` tells, as
// data.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/command.h"

namespace plimsoll::agent {

struct FlagText {
  std::vector<std::string> names;  // "-a", "--all"
  std::string value;               // "PATH"; empty: it takes none.
  std::string fallback;            // The default, where there is one to show.
  std::string help;
  std::string group;  // "cAdvisor's flags"; empty: the first, unnamed one.
  bool repeatable = false;
};

struct ArgumentText {
  std::string name;  // "REF"
  std::string help;
  bool repeatable = false;
};

struct CommandText {
  std::vector<std::string> words;  // {"limit", "set"}; none: the program itself.
  std::string summary;
  std::string details;
  std::vector<FlagText> flags;  // With those of the commands above; of a group: none but --help.
  std::vector<ArgumentText> arguments;
  std::vector<CommandText> commands;
};

// The program with all its commands. What is hidden from help is left out.
[[nodiscard]] CommandText describe(std::span<const Command> commands);

// A command and all below it, in the order of the help.
[[nodiscard]] std::vector<const CommandText*> flatten(const CommandText& root);

// "plimsoll limit set", "plimsoll-limit-set".
[[nodiscard]] std::string joined(const CommandText& command, char separator);

}  // namespace plimsoll::agent
