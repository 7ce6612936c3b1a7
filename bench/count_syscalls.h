// Exactly how many system calls a piece of work makes, seen from outside.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace plimsoll::bench {

// Runs `work` in a child of this process, a copy made for it, and counts under ptrace. Nothing
// where tracing is not allowed. Threads of the caller are not in the child.
[[nodiscard]] std::optional<std::size_t> count_syscalls(const std::function<void()>& work);

}  // namespace plimsoll::bench
