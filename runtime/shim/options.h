// plimsoll-shim's command line.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "runtime/shim/log_file.h"

namespace plimsoll::shim {

struct Options {
  std::string dir;       // The keeper's own, 0700: socket, lock, exit record.
  std::string pid_file;  // The command writes the container's pid there.
  std::string log;
  LogLimits log_limits;
  bool terminal = false;  // The command sends the terminal to DIR/console.sock.
  bool stdin_open = false;
  bool hold = false;               // What is said first waits for the first client that attaches.
  std::string cgroups;             // Where cgroup v2 is mounted, if OOM kills are to be told of.
  std::optional<int> ready_fd;     // Told "pid N\n", or "error WHY\n", when the command ended.
  std::span<char* const> command;  // Null at the end, for execv.
};

// kInvalidInput names the word that is wrong.
[[nodiscard]] Result<Options> parse_options(std::span<char* const> argv);

inline constexpr const char* kUsage =
    "usage: plimsoll-shim --dir DIR --pid-file FILE [--log FILE] [--log-max-size BYTES]\n"
    "                     [--log-max-files N] [--terminal] [--stdin] [--hold] [--ready-fd N]\n"
    "                     [--cgroups DIR] -- COMMAND [ARGUMENT...]\n";

}  // namespace plimsoll::shim
