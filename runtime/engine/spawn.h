// Starting a keeper (plimsoll-shim), which starts what makes the container or the exec.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/shim/log_file.h"

namespace plimsoll::engine {

struct KeeperRequest {
  std::string shim;      // The program.
  std::string dir;       // Exists, 0700.
  std::string pid_file;  // The command's, which it is told in `command`, too.
  std::string log;       // Empty: none.
  shim::LogLimits log_limits;
  std::string cgroups;  // As --cgroups of the keeper; empty: without.
  bool terminal = false;
  bool stdin_open = false;
  bool hold = false;  // Nothing is read of the process until somebody attaches.
  std::vector<std::string> command;
};
struct Spawned {
  pid_t keeper = 0;
  pid_t process = 0;  // The container's first, or the exec's.
};
// Returns when the command has ended. kRejected: it failed, and the subject is its own words.
[[nodiscard]] Result<Spawned> spawn_keeper(const KeeperRequest& request);

// A keeper that was a child of ours and is about to end; whoever else's child it is, nothing.
void reap_keeper(pid_t keeper);

}  // namespace plimsoll::engine
