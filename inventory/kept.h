// The containers that Docker and podman keep on disk, running or not. One that does not run has no
// cgroup, so that nobody samples it; a list of all containers wants it nevertheless.
//
// podman's labels, and whether it thinks that a container runs, are in its database, which is not
// read: who runs is known by the cgroups.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "inventory/homes.h"
#include "inventory/inventory.h"
#include "inventory/state_files.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {

class KeptContainers {
 public:
  // `proc` must outlive it.
  KeptContainers(const DirFd& proc, InventoryOptions options);
  KeptContainers(const KeptContainers&) = delete;
  KeptContainers& operator=(const KeptContainers&) = delete;

  // Now; without a cgroup path. Only files that changed since the last call are read. Containers of
  // Kubernetes pods are left out: an orchestrator's past is no container to be started again.
  [[nodiscard]] std::vector<Identity> list();
  // The runtimes' directories that there are and that we may not read, as of the last call.
  [[nodiscard]] const std::vector<std::string>& denied() const { return denied_; }

 private:
  struct Parsed {
    std::uint64_t version = 0;
    Identity identity;
  };

  void list_docker(std::vector<Identity>& found);
  void list_storage(const std::string& root, std::vector<Identity>& found);

  const InventoryOptions options_;
  StateFiles files_;
  StorageIndex storage_;
  Homes homes_;
  std::map<std::string, Parsed> docker_;  // By path.
  std::vector<std::string> denied_;
};

}  // namespace plimsoll::inventory
