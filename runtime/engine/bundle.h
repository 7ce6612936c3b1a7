// config.json of a container: Docker's defaults, and what its definition says.
#pragma once

#include <string>
#include <vector>

#include "runtime/engine/container.h"
#include "runtime/engine/places.h"
#include "runtime/engine/resources.h"
#include "runtime/engine/user.h"
#include "runtime/model/refusal.h"
#include "runtime/spec/config.h"

namespace plimsoll::engine {

// What stands in config.json and is not in the container's definition.
struct BundleFacts {
  std::string rootfs;
  std::string cgroups_path;
  CgroupVersion cgroup_version = CgroupVersion::kV1;
  // Paths of namespaces to join; "" is a new one, "host" none at all.
  std::string network;
  std::string pid;
  std::string ipc;
  std::string uts;
  std::string shm;   // A tmpfs of the host's to bind at /dev/shm; "": one of its own.
  std::string init;  // The program that --init puts before the container's; "": none.
  Identity user;
  std::vector<Place> places;
  std::vector<std::string> link_variables;
};
[[nodiscard]] model::Answer<std::string> make_bundle(const Container& container,
                                                     const BundleFacts& facts);

// `process` of an exec, which takes the container's environment.
struct ExecProcess {
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  bool terminal = false;
  bool privileged = false;
  std::vector<int> console_size;
  Identity user;
};
[[nodiscard]] model::Answer<std::string> make_exec_process(const Container& container,
                                                           const ExecProcess& process);

// The variables of a container's process, in Docker's order.
[[nodiscard]] std::vector<std::string> environment_of(const Container& container,
                                                      const std::vector<std::string>& links);
[[nodiscard]] model::Answer<spec::CapabilitySet> capabilities_of(const Container& container);

}  // namespace plimsoll::engine
