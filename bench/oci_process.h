// Programs as a bench runs them: how long, with what memory, and with how many system calls.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace plimsoll::bench {

struct Ran {
  double milliseconds = 0;
  long peak_kib = 0;  // Of the program itself and of those it waited for.
  int status = 0;     // As waitpid(2) gives it.
};

// Waits for it; nothing of its output is seen.
[[nodiscard]] Ran run_program(const std::vector<std::string>& words);
// The same for a function in a child of this process.
[[nodiscard]] Ran run_child(const std::function<int()>& body);

// Of the program and everything it starts, what runs in the container included. Nothing where
// tracing is not allowed or the program failed.
[[nodiscard]] std::optional<std::size_t> syscalls_of(const std::vector<std::string>& words);

}  // namespace plimsoll::bench
