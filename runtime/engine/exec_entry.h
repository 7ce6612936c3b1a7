// One further process of a container in this program's memory.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/fd.h"
#include "runtime/engine/attachment.h"
#include "runtime/engine/entry.h"
#include "runtime/engine/process.h"
#include "runtime/shim/client.h"

namespace plimsoll::engine {

struct ExecEntry {
  std::string id;
  EntryPtr container;
  ExecDefinition definition;      // `tty` as the start had it.
  bool is_probe = false;          // Of the engine's own: nobody else sees it.
  std::function<void(int)> told;  // Of its end, for probes.

  mutable std::mutex look;
  bool started = false;
  bool running = false;
  std::optional<int> exit_code;
  pid_t pid = 0;

  // Set before `running`, then constant.
  pid_t keeper = 0;
  DirFd dir;
  std::optional<shim::Connection> connection;  // The loop's.
  std::shared_ptr<Attachment> attachment;
};

}  // namespace plimsoll::engine
