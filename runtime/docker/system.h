// /_ping, /version, /info, /auth, and what this engine is not: swarm, plugins, builders.
#pragma once

#include <string>
#include <vector>

#include "runtime/docker/api.h"
#include "runtime/docker/host_facts.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

struct SystemInfo {
  std::string id;  // Of this engine, the same at every start.
  HostFacts host;
  std::string cgroup_driver;   // "cgroupfs", "systemd"
  std::string cgroup_version;  // "1", "2"
};

void add_system(Api& api, engine::Engine& engine, SystemInfo info);
void add_not_offered(Api& api);

// Pure.
[[nodiscard]] std::string version_json(const HostFacts& host);
struct InfoNow {
  int running = 0;
  int paused = 0;
  int stopped = 0;
  std::size_t images = 0;
  std::string storage_driver;
  std::string root_dir;
  std::vector<std::string> insecure_registries;
  WallTime time;
};
[[nodiscard]] std::string info_json(const SystemInfo& info, const InfoNow& now);

}  // namespace plimsoll::docker
