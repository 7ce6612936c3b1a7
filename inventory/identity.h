// Who a cgroup is: the container, service or pod behind a path. Immutable once made; a change (late
// metadata, rename, health) is a new Identity.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace plimsoll::inventory {

enum class Runtime : std::uint8_t {
  kRoot,  // "/"
  kDocker,
  kPodman,
  kContainerd,  // containerd, nerdctl.
  kCrio,
  kKubernetes,  // A pod's or QoS class's own cgroup; its containers have the runtime that runs
                // them.
  kLxc,
  kNspawn,
  kPlimsoll,  // Our own engine.
  kSystemd,   // Service, scope, slice.
  kCgroup     // A bare cgroup nobody claims.
};
// "docker", "podman", "containerd", "crio", "kubernetes", "lxc", "nspawn", "plimsoll", "systemd",
// "cgroup", "root".
[[nodiscard]] std::string_view name_of(Runtime runtime);

// Docker's health words.
enum class Health : std::uint8_t { kNone, kStarting, kHealthy, kUnhealthy };

enum class Metadata : std::uint8_t {
  kComplete,   // Everything the runtime knows, or a kind of cgroup that has none.
  kPending,    // The runtime's record is not there (yet): identity from the path alone; asked again
               // with back-off.
  kUnreadable  // The record exists but we may not read it (permissions): doctor says so.
};

enum class NetworkMode : std::uint8_t {
  kUnknown,
  kOwn,        // Its own network namespace.
  kHost,       // The host's: its traffic is the host's and not reported as the container's.
  kContainer,  // Shares another container's (`network_owner`), e.g. a pod's sandbox.
  kNone
};

struct Identity {
  Runtime runtime = Runtime::kCgroup;
  std::string cgroup;  // Path as in Cgroup::path.
  std::string id;      // Full runtime id (64 hex), machine or unit name; the path for bare cgroups.
  std::string name;  // What people call it; "" if nobody named it. cAdvisor's rule for containers:
                     // docker, podman, crio: the container name; containerd: the id.
  std::string display;  // Never empty: name, else pod/container, unit name, else path.
  std::string image;    // As the user wrote it; "" if none.
  std::string image_id;
  std::vector<std::pair<std::string, std::string>> labels;  // Sorted by key.
  std::vector<std::pair<std::string, std::string>>
      environment;  // Allow-listed only, sorted by key.
  std::optional<WallTime> created;
  std::optional<WallTime> started;
  std::optional<std::int32_t> pid;  // Init process of the container, in our pid namespace.
  std::uint64_t restart_count = 0;
  Health health = Health::kNone;
  bool has_health_check = false;
  std::string pod_name, pod_namespace, pod_uid, pod_container;  // Kubernetes; empty elsewhere.
  std::string compose_project, compose_service;
  NetworkMode network = NetworkMode::kUnknown;
  std::string network_owner;  // Id of the container whose namespace it shares (kContainer).
  bool sandbox = false;       // A pod's pause container.
  // Writable layer on the host as the runtime names it ("" = unknown), and the log file, for disk
  // usage.
  std::string upper_dir;
  std::string log_path;
  std::string storage_driver;  // "overlay2", "overlay", ...
  std::string runtime_root;    // Where the runtime keeps it, e.g. "/var/lib/docker".
  Metadata metadata = Metadata::kComplete;

  // A container (or machine) as opposed to a slice, service or bare cgroup: what `plimsoll stats`
  // lists by default.
  [[nodiscard]] bool is_container() const;
  bool operator==(const Identity&) const = default;
};
using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace plimsoll::inventory
