#include "agent/manual/completion.h"

namespace plimsoll::agent {

namespace {

// The words of a path, as the script keeps them: "limit set".
std::string path_of(const CommandText& command) {
  std::string path;
  for (const std::string& word : command.words) path += (path.empty() ? "" : " ") + word;
  return path;
}

std::string names_of_kind(const CommandText& command, ValueKind kind) {
  std::string names;
  for (const FlagText& flag : command.flags)
    if (kind_of(flag) == kind)
      for (const std::string& name : flag.names) names += (names.empty() ? "" : " ") + name;
  return names;
}

std::string row(const CommandText& command) {
  std::string text = "    " + quoted(path_of(command)) + ")\n";
  std::string words;
  for (const CommandText& below : command.commands)
    words += (words.empty() ? "" : " ") + below.words.back();
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += std::string("      ") + name + "=" + quoted(value) + "\n";
  };
  set("words", words);
  set("plain", names_of_kind(command, ValueKind::kNone));
  set("files", names_of_kind(command, ValueKind::kFile));
  set("values", names_of_kind(command, ValueKind::kOther));
  if (takes_containers(command)) set("containers", "yes");
  return text + "      ;;\n";
}

constexpr std::string_view kHead =
    R"(# bash completion of plimsoll(1), made by: plimsoll completion bash

_plimsoll() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local path= i words= plain= files= values= containers=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${COMP_WORDS[i]}" in
)";

constexpr std::string_view kMiddle = R"() path=${path:+$path }${COMP_WORDS[i]} ;;
    esac
  done
  case $path in
)";

// "--flag=value" comes as three words.
constexpr std::string_view kTail = R"(  esac
  COMPREPLY=()
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case " $files " in *" $prev "*) compopt -o default; return ;; esac
  case " $values " in *" $prev "*) return ;; esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$plain $files $values" -- "$cur"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  elif [[ -n $containers ]]; then
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$()";

constexpr std::string_view kEnd = R"bash()" -- "$cur"))
  fi
}

complete -F _plimsoll plimsoll
)bash";

}  // namespace

std::string bash_completion(const CommandText& root) {
  const std::string text(kHead);
  std::string patterns;
  std::string rows;
  for (const CommandText* command : flatten(root)) {
    rows += row(*command);
    if (command->words.empty()) continue;
    CommandText above;
    above.words.assign(command->words.begin(), command->words.end() - 1);
    patterns += (patterns.empty() ? "      " : " | ") +
                quoted(path_of(above) + "/" + command->words.back());
  }
  return text + patterns + std::string(kMiddle) + rows + std::string(kTail) +
         std::string(kNamesCommand) + std::string(kEnd);
}

}  // namespace plimsoll::agent
