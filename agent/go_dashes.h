// Arguments as Go's flag package takes them: "-port=8080" is "--port=8080".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::agent {

// Gives a second dash to every argument that has one and is then an option (`is_option("--port")`).
// "--port=" becomes "--port" and an empty argument. Nothing behind "--" is touched.
[[nodiscard]] std::vector<std::string> with_two_dashes(
    std::vector<std::string> arguments, const std::function<bool(std::string_view)>& is_option);

}  // namespace plimsoll::agent
