// Containers of our own within the engine: the runtime's facade and Docker's API over it, on the
// socket that the limits have, too.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "control/api/roles.h"
#include "control/applier/policies.h"
#include "control/service/host_machine.h"
#include "http/server.h"

namespace plimsoll::agent {

struct ContainersConfig {
  // "true": or the engine does not start. "auto": where the programs are installed and the rights
  // are there. "false".
  std::string mode = "auto";
  std::string programs;  // Where plimsoll-shim and plimsoll-oci are; empty: beside us.
  std::string cgroup_driver = "auto";  // "cgroupfs", "systemd"; auto: as the host has it.
  std::string cgroup_parent;           // Empty: /plimsoll, or plimsoll.slice.
  std::string storage_driver;          // "overlay2", "vfs"; empty: what works here.
  std::vector<std::string> insecure_registries;
  std::string registry_certificates = "/etc/docker/certs.d";
  std::string bridge;   // Empty: plimsoll0.
  std::string subnet;   // Empty: one that is free at the first start.
  std::string subnet6;  // Empty: none.
};

// Why a value is none of its setting's; empty: it is one.
[[nodiscard]] std::string check_containers_mode(const std::string& value);
[[nodiscard]] std::string check_cgroup_driver(const std::string& value);
[[nodiscard]] std::string check_registry(const std::string& value);

struct ContainersPlace {
  std::string state_dir;
  std::string run_dir;
};

class Containers {
 public:
  virtual ~Containers() = default;
  // Adds its routes; those of others go before. All must outlive it. Null: none are wanted, or
  // there can be none ("auto"), which the log tells and Docker's API answers.
  [[nodiscard]] static Result<std::unique_ptr<Containers>> open(
      const ContainersConfig& config, const ContainersPlace& place, http::Server& server,
      control::Roles& roles, const control::HostMachine& machine, control::Policies& policies,
      const Clock& clock);
  // No new calls; before the server stops.
  virtual void refuse() = 0;
  // After the server has stopped: returns when the last call has ended. Containers go on.
  virtual void stop() = 0;
};

}  // namespace plimsoll::agent
