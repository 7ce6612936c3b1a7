// A container as it is seen: values only, with Docker's meanings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "runtime/model/host_config.h"
#include "runtime/net/networks.h"

namespace plimsoll::engine {

enum class Status : std::uint8_t {
  kCreated,
  kRunning,
  kPaused,
  kRestarting,
  kRemoving,
  kExited,
  kDead
};
[[nodiscard]] const char* name_of(Status status);  // "created", ...

struct HealthProbe {
  WallTime start;
  WallTime end;
  int exit_code = 0;
  std::string output;  // At most 4 096 bytes.
};
struct Health {
  std::string status = "none";  // "none", "starting", "healthy", "unhealthy"
  int failing_streak = 0;
  std::vector<HealthProbe> log;  // The last five.
};

struct State {
  Status status = Status::kCreated;
  bool oom_killed = false;
  int pid = 0;
  int exit_code = 0;
  std::string error;                // Why it could not be started.
  std::optional<WallTime> started;  // Absent: never.
  std::optional<WallTime> finished;
  std::optional<Health> health;  // Absent: it has no health check.

  // As Docker has them: true while restarting, and while paused.
  [[nodiscard]] bool running() const {
    return status == Status::kRunning || status == Status::kPaused || status == Status::kRestarting;
  }
};

// A place in the container's tree that is not of its image.
struct MountPoint {
  std::string type;  // "bind", "volume", "tmpfs"
  std::string name;  // Of the volume.
  std::string source;
  std::string destination;
  std::string driver;
  std::string mode;
  bool writable = true;
  std::string propagation;
};

// A moment of a container, whole and unchanging.
struct Container {
  std::string id;
  std::string name;  // Without a slash.
  WallTime created;
  std::string image_id;
  std::string path;               // The program...
  std::vector<std::string> args;  // ...and what it is given.
  model::Definition definition;   // As it is in force: image's defaults merged, updates included.
  State state;
  int restart_count = 0;
  std::vector<MountPoint> mounts;
  std::vector<net::Endpoint> endpoints;
  std::vector<net::Published> published;
  std::string resolv_conf_path;
  std::string hostname_path;
  std::string hosts_path;
  std::string log_path;
  std::string cgroup;  // Below each hierarchy's mount; empty while it does not run.
  std::vector<std::string> exec_ids;
};
using ContainerPtr = std::shared_ptr<const Container>;

}  // namespace plimsoll::engine
