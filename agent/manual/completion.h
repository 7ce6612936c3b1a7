// Completion scripts for shells: commands, flags, files where a value is one, and the names of
// running containers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/manual/model.h"

namespace plimsoll::agent {

[[nodiscard]] std::string bash_completion(const CommandText& root);
[[nodiscard]] std::string zsh_completion(const CommandText& root);
[[nodiscard]] std::string fish_completion(const CommandText& root);

// "bash", "zsh" or "fish"; nothing for another shell.
[[nodiscard]] std::optional<std::string> completion(const CommandText& root,
                                                    std::string_view shell);

// What the scripts have in common.
enum class ValueKind { kNone, kFile, kOther };
[[nodiscard]] ValueKind kind_of(const FlagText& flag);
// The command takes containers: a shell offers their names.
[[nodiscard]] bool takes_containers(const CommandText& command);
// 'text' as one word of a shell, whatever is in it.
[[nodiscard]] std::string quoted(std::string_view text);
// Names of what runs, one on a line. From an exporter where one answers; never for long.
inline constexpr std::string_view kNamesCommand =
    "timeout 3 plimsoll stats --no-stream --format '{{.Name}}' 2>/dev/null";

}  // namespace plimsoll::agent
