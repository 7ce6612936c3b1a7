// For tests: a configuration in which every field group says something, and changes of it.
#pragma once

#include <string>
#include <string_view>

namespace plimsoll::spec {

[[nodiscard]] std::string full_config();
// full_config() with the value at the JSON pointer replaced or added ("" as `json` removes it).
[[nodiscard]] std::string full_config_with(std::string_view pointer, std::string_view json);

}  // namespace plimsoll::spec
