// What /proc says about one process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace plimsoll::runtime {

struct ProcessState {
  char state = '?';               // 'R', 'S', 'Z', ...
  std::uint64_t start_ticks = 0;  // Since boot: with the pid it names a process once and for all.
  std::uint64_t flags = 0;
  [[nodiscard]] bool has_ended() const { return state == 'Z' || state == 'X'; }
  // On its way to that: its descriptors may be closed already. PF_EXITING of include/linux/sched.h,
  // set before them (kernel/exit.c, do_exit()).
  [[nodiscard]] bool is_ending() const { return has_ended() || (flags & 4U) != 0; }
};

// "4711 (a name (with) parentheses) S 1 ..."
[[nodiscard]] std::optional<ProcessState> parse_process_stat(std::string_view text);

// Nothing when there is no such process.
[[nodiscard]] std::optional<ProcessState> look_at_process(pid_t pid);

}  // namespace plimsoll::runtime
