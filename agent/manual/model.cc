#include "agent/manual/model.h"

#include <CLI/CLI.hpp>

#include "agent/command_app.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kUnnamed = "Options";  // CLI11's name of the first group.

// "UINT:INT in [1 - 9]": what follows the colon is a check.
std::string value_name(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const std::string value = name.substr(0, name.find(':'));
  return value.empty() ? "VALUE" : value;
}

// CLI11 2.1 counts in `expected`; a flag expects none or may do without.
bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0 && option.get_expected_min() > 0;
}

bool is_repeatable(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll &&
         option.get_items_expected_max() != 0;
}

FlagText flag_of(const CLI::Option& option) {
  FlagText flag;
  flag.names.reserve(option.get_snames().size() + option.get_lnames().size());
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (takes_value(option)) {
    flag.value = value_name(option);
    flag.fallback = option.get_default_str();
    flag.repeatable = is_repeatable(option);
  }
  flag.help = option.get_description();
  flag.group = option.get_group() == kUnnamed ? "" : option.get_group();
  return flag;
}

void describe_options(const Command& command, std::span<const Option> common, CommandText& text) {
  CLI::App app(command.summary);
  fill_app(app, command, common);
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // Hidden.
    if (option->get_positional())
      text.arguments.push_back({option->get_name(true), option->get_description(),
                                option->get_items_expected_max() > 1});
    else
      text.flags.push_back(flag_of(*option));
  }
}

CommandText describe_one(const Command& command, std::vector<std::string> words,
                         std::vector<Option> common) {
  CommandText text;
  text.words = std::move(words);
  text.words.push_back(command.name);
  text.summary = command.summary;
  text.details = command.details;
  if (command.commands.empty()) {
    describe_options(command, common, text);
    return text;
  }
  text.flags.push_back({.names = {"-h", "--help"}, .help = "Print this help message and exit"});
  common.insert(common.end(), command.options.begin(), command.options.end());
  text.commands.reserve(command.commands.size());
  for (const Command& below : command.commands)
    text.commands.push_back(describe_one(below, text.words, common));
  return text;
}

}  // namespace

CommandText describe(std::span<const Command> commands) {
  CommandText root;
  root.summary = "Run, measure and limit the containers of this host";
  root.flags = {{.names = {"-h", "--help"}, .help = "Print the list of commands and exit"},
                {.names = {"--version"}, .help = "Print the version and exit"}};
  root.commands.reserve(commands.size());
  for (const Command& command : commands) root.commands.push_back(describe_one(command, {}, {}));
  return root;
}

std::vector<const CommandText*> flatten(const CommandText& root) {
  std::vector<const CommandText*> all{&root};
  for (const CommandText& command : root.commands) {
    const auto below = flatten(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::string joined(const CommandText& command, char separator) {
  std::string text = "plimsoll";
  for (const std::string& word : command.words) text += separator + word;
  return text;
}

}  // namespace plimsoll::agent
