// What a container is, of what was asked and of what its image says: Docker's rules.
#pragma once

#include <string>
#include <vector>

#include "runtime/model/config.h"
#include "runtime/model/host_config.h"
#include "runtime/model/refusal.h"

namespace plimsoll::engine {

// `asked` with the image's defaults where nothing was asked. kInvalid: there is no program to run.
[[nodiscard]] model::Answer<model::Config> merge(model::Config asked, const model::Config& image);

struct Program {
  std::string path;
  std::vector<std::string> args;
};
// The entry point with its arguments, or the command. Never of an empty one.
[[nodiscard]] Program program_of(const model::Config& config);

// "NAME=value": replaces or appends; a bare "NAME" removes.
void set_variable(std::vector<std::string>& env, const std::string& variable);

// Signals by name, with or without "SIG", or by number.
[[nodiscard]] model::Answer<int> signal_of(const std::string& text);

// A network mode's other container, "" if it is none ("container:web").
[[nodiscard]] std::string other_of(const std::string& mode);

}  // namespace plimsoll::engine
