// Names and ids of containers, execs and volumes.
#pragma once

#include <string>
#include <string_view>

#include "runtime/model/refusal.h"

namespace plimsoll::engine {

[[nodiscard]] std::string make_id();              // 64 hex digits; the first 12 are no number.
[[nodiscard]] std::string make_up_name();         // "quiet_harbour"
[[nodiscard]] bool is_id(std::string_view text);  // 64 lower-case hex digits.
[[nodiscard]] inline std::string short_id(std::string_view id) {
  return std::string(id.substr(0, 12));
}
// Docker's grammar for names of containers and volumes.
[[nodiscard]] bool is_name(std::string_view text);
// Without a leading slash; kInvalid in Docker's words.
[[nodiscard]] model::Answer<std::string> check_name(std::string_view name);

}  // namespace plimsoll::engine
