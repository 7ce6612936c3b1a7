#include "agent/manual/completion.h"

namespace plimsoll::agent {

namespace {

// fish's quotes know two escapes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string condition(const CommandText& command) {
  std::string path;
  for (const std::string& word : command.words) path += "/" + word;
  return "complete -c plimsoll -n " + fish_quoted("__plimsoll_at " + (path.empty() ? "/" : path));
}

std::string line(const CommandText& command, const FlagText& flag) {
  std::string text = condition(command);
  for (const std::string& name : flag.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (kind_of(flag) == ValueKind::kFile) text += " -rF";
  if (kind_of(flag) == ValueKind::kOther) text += " -x";
  return text + " -d " + fish_quoted(flag.help) + "\n";
}

constexpr std::string_view kHead =
    R"(# fish completion of plimsoll(1), made by: plimsoll completion fish

# Whether the commands typed so far are these: /limit/set
function __plimsoll_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        if contains -- $path/$word $__plimsoll_paths
            set path $path/$word
        end
    end
    test -n "$path"; or set path /
    test $path = $argv[1]
end

complete -c plimsoll -f
)";

}  // namespace

std::string fish_completion(const CommandText& root) {
  std::string text(kHead);
  text += "set -g __plimsoll_paths";
  for (const CommandText* command : flatten(root)) {
    if (command->words.empty()) continue;
    text += " ";
    for (const std::string& word : command->words) text += "/" + word;
  }
  text += "\n";
  for (const CommandText* command : flatten(root)) {
    for (const CommandText& below : command->commands)
      text += condition(*command) + " -a " + below.words.back() + " -d " +
              fish_quoted(below.summary) + "\n";
    for (const FlagText& flag : command->flags) text += line(*command, flag);
    if (takes_containers(*command))
      text +=
          condition(*command) + " -a " + fish_quoted("(" + std::string(kNamesCommand) + ")") + "\n";
  }
  return text;
}

}  // namespace plimsoll::agent
