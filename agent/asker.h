// Questions to runtimes' sockets, asked by a process of its own.
//
// Those sockets are root's, and who may talk to one freely can become root by it: the process that
// strangers send requests to must not. The asker is forked before root is given up. It keeps
// CAP_DAC_OVERRIDE, since connecting to a socket is writing to it, gives up everything else, and
// asks nothing but what is on its list: the description of one container, by GET.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>

#include "agent/privileges.h"
#include "base/fd.h"
#include "inventory/inventory.h"

namespace plimsoll::agent {

class Asker {
 public:
  // Forks: no other thread may run.
  [[nodiscard]] static Result<std::unique_ptr<Asker>> start(
      const inventory::InventoryOptions& options, const Account& account);
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker();  // Ends the process.

  // Blocks; any thread, one after the other.
  [[nodiscard]] Result<std::string> ask(const inventory::Question& question);

 private:
  Asker(Fd channel, pid_t process) : channel_(std::move(channel)), process_(process) {}

  std::mutex mutex_;
  Fd channel_;
  const pid_t process_;
};

// Whether a question is on the list: a socket of `options`, and a container's description. Pure.
[[nodiscard]] bool may_be_asked(const inventory::InventoryOptions& options,
                                const inventory::Question& question);

// A question answered by http on its socket, from the calling process.
[[nodiscard]] Result<std::string> ask_runtime(const inventory::Question& question);

}  // namespace plimsoll::agent
