#include "agent/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "agent/exit_code.h"
#include "agent/go_dashes.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kProgram = "plimsoll";

std::string root_help(std::span<const Command> commands) {
  std::string text =
      "Measure and limit the containers of this host.\n\n"
      "Usage: plimsoll COMMAND [OPTIONS]\n\nCommands:\n";
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  for (const Command& command : commands) {
    text += "  " + command.name + std::string(width - command.name.size() + 3, ' ');
    text += command.summary + "\n";
  }
  return text + "\n'plimsoll COMMAND --help' lists a command's options.\n";
}

// Levenshtein distance: a typo is one or two edits away from the word meant.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

int unknown_command(std::span<const Command> commands, const std::string& word) {
  std::string hint;
  std::size_t best = 3;  // Three edits are another word.
  for (const Command& command : commands) {
    const std::size_t edits = distance(word, command.name);
    if (edits >= best) continue;
    best = edits;
    hint = " Did you mean '" + command.name + "'?";
  }
  std::fprintf(stderr, "plimsoll: '%s' is not a command.%s See 'plimsoll --help'.\n", word.c_str(),
               hint.c_str());
  return kExitUsage;
}

void add_option(CLI::App& app, const Option& option) {
  if (bool* const* flag = std::get_if<bool*>(&option.target)) {
    app.add_flag(option.names, **flag, option.help);
    return;
  }
  CLI::Option* added = nullptr;
  std::visit(
      [&](auto* target) {
        if constexpr (!std::is_same_v<decltype(target), bool*>)
          added = app.add_option(option.names, *target, option.help);
      },
      option.target);
  added->type_name(option.value);
  const bool repeatable = std::holds_alternative<std::vector<std::string>*>(option.target);
  // "--filter a=b REF": the option takes one value, what follows is a free argument.
  if (repeatable && option.names.starts_with('-'))
    added->expected(1)->allow_extra_args(false)->take_all();
  // The last one wins, so that an alias with defaults can be overridden.
  if (!repeatable) added->take_last();
}

int run_command(const Command& command, std::vector<std::string> arguments) {
  CLI::App app(command.summary, std::string(kProgram) + " " + command.name);
  app.footer(command.details);
  for (const Option& option : command.options) add_option(app, option);
  if (command.add_flags) command.add_flags(app);
  try {
    if (command.go_dashes)
      arguments = with_two_dashes(std::move(arguments), [&app](std::string_view name) {
        return app.get_option_no_throw(std::string(name)) != nullptr;
      });
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "plimsoll %s: %s\nSee 'plimsoll %s --help'.\n", command.name.c_str(),
                 error.what(), command.name.c_str());
    return kExitUsage;
  }
  return command.run();
}

}  // namespace

int run_cli(std::span<const Command> commands, std::vector<std::string> arguments) {
  const std::string first = arguments.empty() ? "help" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  const auto named = [&](const std::string& word) {
    return std::find_if(commands.begin(), commands.end(),
                        [&](const Command& command) { return command.name == word; });
  };
  if (first == "help" || first == "--help" || first == "-h") {
    if (arguments.empty()) {
      std::fputs(root_help(commands).c_str(), stdout);
      return kExitOk;
    }
    const auto command = named(arguments.front());
    if (command == commands.end()) return unknown_command(commands, arguments.front());
    return run_command(*command, {"--help"});
  }
  const auto command = named(first == "--version" ? "version" : first);
  if (command == commands.end()) return unknown_command(commands, first);
  return run_command(*command, std::move(arguments));
}

}  // namespace plimsoll::agent
