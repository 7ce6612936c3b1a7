#include "agent/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "agent/command_app.h"
#include "agent/exit_code.h"
#include "agent/go_dashes.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kProgram = "plimsoll";

std::string list_of(std::span<const Command> commands) {
  std::string text = "Commands:\n";
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  for (const Command& command : commands) {
    text += "  " + command.name + std::string(width - command.name.size() + 3, ' ');
    text += command.summary + "\n";
  }
  return text;
}

std::string root_help(std::span<const Command> commands) {
  return "Run, measure and limit the containers of this host.\n\n"
         "Usage: plimsoll COMMAND [OPTIONS]\n\n" +
         list_of(commands) + "\n'plimsoll COMMAND --help' lists a command's options.\n";
}

// Of "limit": what "plimsoll limit --help" prints.
std::string group_help(const std::string& path, const Command& command) {
  std::string text = command.summary + "\nUsage: " + path + " COMMAND [OPTIONS]\n\n";
  text += list_of(command.commands) + "\n'" + path + " COMMAND --help' lists its options.\n";
  return command.details.empty() ? text : text + "\n" + command.details;
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

// `path`: "plimsoll", "plimsoll limit".
int unknown_command(std::span<const Command> commands, const std::string& path,
                    const std::string& word) {
  std::string hint;
  std::size_t best = 3;  // Three edits are another word.
  for (const Command& command : commands) {
    const std::size_t edits = distance(word, command.name);
    if (edits >= best) continue;
    best = edits;
    hint = " Did you mean '" + command.name + "'?";
  }
  std::fprintf(stderr, "%s: '%s' is not a command.%s See '%s --help'.\n", path.c_str(),
               word.c_str(), hint.c_str(), path.c_str());
  return kExitUsage;
}

bool is_help(const std::string& word) {
  return word == "help" || word == "--help" || word == "-h";
}

// Whether "--socket" takes the word after it.
bool is_option_with_value(std::span<const Option> options, const std::string& argument) {
  return std::ranges::any_of(options, [&](const Option& option) {
    const std::string names = "," + option.names + ",";
    return !std::holds_alternative<bool*>(option.target) &&
           !std::holds_alternative<OptionalValue*>(option.target) &&
           names.find("," + argument + ",") != std::string::npos;
  });
}

// The same for "-itv", several in one: the first that has a value has the rest, or the next word.
bool takes_a_word(std::span<const Option> options, const std::string& argument) {
  if (argument.starts_with("--") || argument.size() < 2)
    return is_option_with_value(options, argument);
  for (std::size_t i = 1; i < argument.size(); ++i)
    if (is_option_with_value(options, {'-', argument[i]})) return i + 1 == argument.size();
  return false;
}

// The first free word: options of the group, with their values, may stand before it.
std::size_t word_of(std::span<const Option> options, const std::vector<std::string>& arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-') && !is_help(arguments[at]))
    at += takes_a_word(options, arguments[at]) ? 2 : 1;
  return std::min(at, arguments.size());
}

// `common`: options that it has from the commands above it.
int run_command(const std::string& path, const Command& command, std::span<const Option> common,
                std::vector<std::string> arguments) {
  CLI::App app(command.summary, path);
  fill_app(app, command, common);
  if (command.words != nullptr) {
    std::size_t at = word_of(command.options, arguments);
    if (at < arguments.size() && arguments[at].starts_with('-')) at = arguments.size();  // --help
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(at);
    command.words->assign(first, arguments.end());
    arguments.erase(first, arguments.end());
  }
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
    std::fprintf(stderr, "%s: %s\nSee '%s --help'.\n", path.c_str(), error.what(), path.c_str());
    return kExitUsage;
  }
  return command.run();
}

int run_named(const std::string& path, const Command& command, std::vector<Option> common,
              std::vector<std::string> arguments) {
  if (command.commands.empty()) return run_command(path, command, common, std::move(arguments));
  common.insert(common.end(), command.options.begin(), command.options.end());
  const std::size_t at = word_of(common, arguments);
  if (at >= arguments.size()) {
    std::fputs(group_help(path, command).c_str(), at == 0 ? stdout : stderr);
    return at == 0 ? kExitOk : kExitUsage;
  }
  std::string word = arguments[at];
  arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(at));
  if (is_help(word) && at < arguments.size()) {  // "plimsoll limit help set"
    word = arguments[at];
    arguments = {"--help"};
  }
  if (is_help(word)) {
    std::fputs(group_help(path, command).c_str(), stdout);
    return kExitOk;
  }
  const auto found = std::ranges::find(command.commands, word, &Command::name);
  if (found == command.commands.end()) return unknown_command(command.commands, path, word);
  return run_named(path + " " + word, *found, std::move(common), std::move(arguments));
}

}  // namespace

int run_cli(std::span<const Command> commands, std::vector<std::string> arguments) {
  std::string word = arguments.empty() ? "help" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (is_help(word)) {
    if (arguments.empty()) {
      std::fputs(root_help(commands).c_str(), stdout);
      return kExitOk;
    }
    word = arguments.front();
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  if (word == "--version") word = "version";
  const auto command = std::ranges::find(commands, word, &Command::name);
  if (command == commands.end()) return unknown_command(commands, kProgram, word);
  return run_named(std::string(kProgram) + " " + word, *command, {}, std::move(arguments));
}

}  // namespace plimsoll::agent
