// `plimsoll engine`: the write plane as a daemon. Composition only: everything it wires is made
// elsewhere.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/containers.h"
#include "agent/engine/engine_events.h"
#include "base/log.h"
#include "control/service/host_machine.h"

namespace plimsoll::agent {

struct EngineConfig {
  std::string socket;  // Empty: RUN_DIR/plimsoll.sock.
  std::string state_dir = "/var/lib/plimsoll";
  std::string run_dir = "/run/plimsoll";
  std::string policy_dir = "/etc/plimsoll/policy.d";
  std::string control_group = "plimsoll";
  std::string read_group = "plimsoll-read";
  control::MachineOptions machine;
  EventsConfig events;
  ContainersConfig containers;
  log::Level log_level = log::Level::kInfo;
};

// What the config says by now, for SIGHUP: of it log level, groups and sinks are taken. Nothing: it
// is wrong, or there is none; what is in force stays.
using Reread = std::function<std::optional<EngineConfig>()>;

// Runs until SIGINT or SIGTERM. Returns the exit code: 0, or 1 with the reason on stderr.
[[nodiscard]] int run_engine(EngineConfig config, Reread reread);

}  // namespace plimsoll::agent
