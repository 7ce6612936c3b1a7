// Others' text as lines that can be shown. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::agent::top {

// Without what terminals take for colours and other commands, tabs as blanks, at most
// `kLongestLine` bytes each. What is left of control characters is Grid::put()'s to replace.
[[nodiscard]] std::vector<std::string> plain_lines(std::string_view text);

inline constexpr std::size_t kLongestLine = 4096;

// Lines of at most so many columns: longer ones go on, indented, in the next; between words where
// there are some.
[[nodiscard]] std::vector<std::string> wrapped(const std::vector<std::string>& lines,
                                               std::size_t width);

// How to see the logs of a container that is not the engine's: "docker logs --tail 100 web". Empty:
// nobody knows, or the name is nothing for a shell.
[[nodiscard]] std::string logs_command_of(std::string_view runtime, std::string_view name,
                                          std::string_view id);

}  // namespace plimsoll::agent::top
