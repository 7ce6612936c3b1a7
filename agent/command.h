// A subcommand as data: names, options, what to run. The command line parses, the help text,
// completions and manual pages derive from it. CLI11 stays out of the commands.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace plimsoll::agent {

// "--freeze" or "--freeze=off": a flag that may have a value, after '=' only.
struct OptionalValue {
  static constexpr const char* kAlone = "true";
  std::string text;  // Empty: not given; kAlone: given alone.
  [[nodiscard]] bool given() const { return !text.empty(); }
  [[nodiscard]] bool alone() const { return text == kAlone; }
};

// Where a parsed value goes. bool*: a flag without a value. vector*: repeatable, one value each
// time. The pointer must live as long as the command: point into a struct that `run` keeps alive by
// a shared_ptr.
using OptionTarget = std::variant<bool*, std::string*, std::optional<std::string>*,
                                  std::vector<std::string>*, std::uint64_t*, OptionalValue*>;

struct Option {
  std::string names;  // "-a,--all"; without dashes ("REF") it takes the free arguments.
  OptionTarget target;
  std::string help;
  std::string value;  // What help shows for the value: "COL[,COL]". Unused for flags.
  std::string group;  // Options of a name stand together in help; empty: the first, unnamed one.
};

struct Command {
  std::string name;
  std::string summary;  // One line of `plimsoll --help`.
  std::string details;  // Below the options in `plimsoll NAME --help`: examples, notes.
  std::vector<Option> options;
  std::function<void(CLI::App&)> add_flags;  // Further ones, made elsewhere; may be empty.
  // "-port=8080" is "--port=8080", as in Go's programs.
  bool go_dashes = false;
  // Not null: takes the first free word and all after it as they are, "run IMAGE COMMAND -x". An
  // option without dashes should stand for it in the help.
  std::vector<std::string>* words = nullptr;
  std::function<int()> run;  // Called once, after parsing; returns the exit code.
  // "plimsoll NAME WORD ...": then `options` are those of every one of them, and may stand before
  // WORD too; `run` and the rest are theirs.
  std::vector<Command> commands;
};

}  // namespace plimsoll::agent
