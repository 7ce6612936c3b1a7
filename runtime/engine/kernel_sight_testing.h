// For tests: what the kernel and the directories of an engine have of containers, and what they
// should have.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/engine/engine.h"

namespace plimsoll::engine {

// One line for each thing: "link plv0123", "port at4 127.0.0.1 . tcp . 80 : 172.27.0.2 . 80",
// "netns ID", "group memory ID", "process memory ID", "keeper ID", "mount ID", "run ID", "record
// ID".
using Things = std::set<std::string>;

// Where an engine's things are. The calling process must be in its network and mount namespace.
struct Sight {
  std::string state_dir;
  std::string run_dir;
  std::string groups;  // Where the containers' groups are, below a hierarchy's root.
  std::string table;
};
[[nodiscard]] Things things_there(const Sight& sight);
// What the containers that run by the engine's word own: links, namespaces, ports, and their ids.
struct Owned {
  Things exactly;             // Links, ports and namespaces: there, and no others...
  Things maybe;               // ...but these: the default bridge waits for its first container.
  std::set<std::string> ids;  // Of whom all else must be.
};
[[nodiscard]] Owned owned_by(Engine& engine);
// What is there and is nobody's, or is missing; empty if all is right.
[[nodiscard]] std::vector<std::string> differences(const Sight& sight, Engine& engine);

}  // namespace plimsoll::engine
