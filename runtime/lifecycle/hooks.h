// Hooks that the runtime runs itself: prestart, createRuntime and createContainer while a container
// is made, poststart and poststop after. (Start hooks are the container's process's own affair.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/spec/config.h"

namespace plimsoll::runtime {

// The container's state for hooks, readable from its beginning as often as asked.
[[nodiscard]] Result<Fd> make_hook_input();
[[nodiscard]] Result<> fill_hook_input(const Fd& input, std::string_view state);

// Runs them in their order, each with the state on its standard input and no environment but its
// own; stops at the first that fails, with what it wrote. `entered` is a pidfd whose namespaces
// (all but pid) are entered first; -1: the runtime's.
struct HookPlace {
  int entered = -1;
  std::uint64_t flags = 0;
};
[[nodiscard]] Result<> run_hooks(const std::vector<spec::Hook>& hooks, const Fd& input,
                                 HookPlace place);

}  // namespace plimsoll::runtime
