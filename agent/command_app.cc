#include "agent/command_app.h"

#include <CLI/CLI.hpp>
#include <type_traits>

namespace plimsoll::agent {

namespace {

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = nullptr;
  bool flag = false;
  std::visit(
      [&](auto* target) {
        using Target = std::remove_pointer_t<decltype(target)>;
        flag = std::is_same_v<Target, bool> || std::is_same_v<Target, OptionalValue>;
        if constexpr (std::is_same_v<Target, bool>)
          added = app.add_flag(option.names, *target, option.help);
        else if constexpr (std::is_same_v<Target, OptionalValue>)
          added = app.add_flag(option.names, target->text, option.help)->take_last();
        else
          added = app.add_option(option.names, *target, option.help);
      },
      option.target);
  if (!option.group.empty()) added->group(option.group);
  if (flag) return;
  added->type_name(option.value);
  const bool repeatable = std::holds_alternative<std::vector<std::string>*>(option.target);
  // "--filter a=b REF": the option takes one value, what follows is a free argument.
  if (repeatable && option.names.starts_with('-'))
    added->expected(1)->allow_extra_args(false)->take_all();
  // The last one wins, so that an alias with defaults can be overridden.
  if (!repeatable) added->take_last();
}

}  // namespace

void fill_app(CLI::App& app, const Command& command, std::span<const Option> common) {
  app.footer(command.details);
  for (const Option& option : command.options) add_option(app, option);
  for (const Option& option : common) add_option(app, option);
  if (command.add_flags) command.add_flags(app);
}

}  // namespace plimsoll::agent
