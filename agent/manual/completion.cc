#include "agent/manual/completion.h"

#include <algorithm>

namespace plimsoll::agent {

ValueKind kind_of(const FlagText& flag) {
  if (flag.value.empty()) return ValueKind::kNone;
  if (flag.value == "PATH" || flag.value == "FILE" || flag.value == "DIR") return ValueKind::kFile;
  // The exporter's flags have types in place of names.
  const std::string& name = flag.names.back();
  const bool path = std::ranges::any_of(
      std::initializer_list<std::string_view>{"-root", "file", "-dir", "socket"},
      [&](std::string_view end) { return name.ends_with(end); });
  return path ? ValueKind::kFile : ValueKind::kOther;
}

bool takes_containers(const CommandText& command) {
  return std::ranges::any_of(command.arguments, [](const ArgumentText& argument) {
    return argument.name == "REF" || argument.name == "CONTAINER";
  });
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::optional<std::string> completion(const CommandText& root, std::string_view shell) {
  if (shell == "bash") return bash_completion(root);
  if (shell == "zsh") return zsh_completion(root);
  if (shell == "fish") return fish_completion(root);
  return std::nullopt;
}

}  // namespace plimsoll::agent
