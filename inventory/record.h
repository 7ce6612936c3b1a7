// What one runtime knows about one container: the common shape that every reader of state files
// fills, and what they read with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "inventory/path_facts.h"
#include "inventory/process.h"
#include "inventory/state_files.h"

namespace plimsoll::inventory {

class StorageIndex;
class Homes;

// One thing to look at for changes: a file, or one container's entry in a file that all share.
struct Stamp {
  std::string path;
  std::string entry;          // "" for the whole file.
  std::uint64_t version = 0;  // 0: not there.
  bool operator==(const Stamp&) const = default;
};

struct Record {
  Identity identity;
  std::vector<Stamp> stamps;
  // False while the record does not show this start of the container yet (not running, or the pid
  // of the run before): it is looked at again soon.
  bool settled = true;
  // The socket knows what the files do not hold (podman's labels).
  bool incomplete = false;
};

// What the readers share. References to things the inventory owns.
struct Sources {
  const InventoryOptions& options;
  const DirFd& proc;
  StateFiles& files;
  StorageIndex& storage;
  Homes& homes;
};

// Each says kNotOffered when it knows no such container, kDenied when its record may not be read.
[[nodiscard]] Result<Record> read_docker(Sources& sources, const PathFacts& facts);
[[nodiscard]] Result<Record> read_containers_storage(Sources& sources, const PathFacts& facts);
[[nodiscard]] Result<Record> read_containerd(Sources& sources, const PathFacts& facts);
[[nodiscard]] Result<Record> read_lxc(Sources& sources, const PathFacts& facts);
[[nodiscard]] Result<Record> read_nspawn(Sources& sources, const PathFacts& facts);
[[nodiscard]] Result<Record> read_own(Sources& sources, const PathFacts& facts);

// May whoever made this group have given it another container's id? Inside a container and in a
// user's own part of the tree yes: then root's records must prove that they mean this group.
[[nodiscard]] inline bool needs_proof(const PathFacts& facts) {
  return facts.nested || facts.adopted || facts.uid.value_or(0) != 0;
}

// Keeps the pid only if the process is in the group, or nobody can tell; says what was found.
[[nodiscard]] Membership keep_own_pid(const DirFd& proc, Identity& identity);

}  // namespace plimsoll::inventory
