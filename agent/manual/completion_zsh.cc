#include <algorithm>

#include "agent/manual/completion.h"

namespace plimsoll::agent {

namespace {

// What _arguments and _describe would take for the end of a part.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += '\\';
    out += c;
  }
  return out;
}

std::string function_of(const CommandText& command) {
  std::string name = "_" + joined(command, '_');
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string spec(const FlagText& flag, const std::string& name) {
  std::string text = flag.repeatable ? "*" : "";
  text += name;
  if (!flag.value.empty()) text += name.starts_with("--") ? "=" : "+";
  text += "[" + escaped(flag.help, "[]:\\") + "]";
  if (!flag.value.empty())
    text += ":" + escaped(flag.value, ":\\") + ":" +
            (kind_of(flag) == ValueKind::kFile ? "_files" : " ");
  return quoted(text);
}

// A command with commands below it: the first word decides, and the rest is that one's.
std::string group(const CommandText& command) {
  std::string text = "  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const CommandText& below : command.commands)
    text += "      " + quoted(below.words.back() + ":" + escaped(below.summary, ":\\")) + "\n";
  text += "    )\n    _describe command commands\n    _arguments";
  for (const FlagText& flag : command.flags)
    for (const std::string& name : flag.names) text += " " + spec(flag, name);
  text += "\n    return\n  fi\n  local word=$words[2]\n  words=(\"${(@)words[2,-1]}\")\n";
  text += "  (( CURRENT-- ))\n  case $word in\n";
  for (const CommandText& below : command.commands)
    text += "    " + below.words.back() + ") " + function_of(below) + " ;;\n";
  return text + "  esac\n";
}

std::string leaf(const CommandText& command) {
  std::string text = "  _arguments -s";
  for (const FlagText& flag : command.flags)
    for (const std::string& name : flag.names) text += " \\\n    " + spec(flag, name);
  if (takes_containers(command)) text += " \\\n    '*:container:_plimsoll_names'";
  return text + "\n";
}

}  // namespace

std::string zsh_completion(const CommandText& root) {
  std::string text = "#compdef plimsoll\n# Made by: plimsoll completion zsh\n\n";
  text += "_plimsoll_names() {\n  local -a names=(${(f)\"$(" + std::string(kNamesCommand) +
          ")\"})\n  compadd -a names\n}\n";
  for (const CommandText* command : flatten(root))
    text += "\n" + function_of(*command) + "() {\n" +
            (command->commands.empty() ? leaf(*command) : group(*command)) + "}\n";
  return text + "\n_plimsoll \"$@\"\n";
}

}  // namespace plimsoll::agent
