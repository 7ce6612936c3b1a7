// The bodies of containers/{id}/exec and exec/{id}/start. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/engine/process.h"
#include "runtime/model/refusal.h"

namespace plimsoll::docker {

// kInvalid: wrong types, or no command.
[[nodiscard]] model::Answer<engine::ExecDefinition> decode_exec(std::string_view json);

struct ExecStart {
  bool detach = false;
  bool tty = false;
  std::vector<int> console_size;  // Height, width; empty: not asked for.
};
// An empty body asks for nothing special.
[[nodiscard]] model::Answer<ExecStart> decode_exec_start(std::string_view json);

}  // namespace plimsoll::docker
