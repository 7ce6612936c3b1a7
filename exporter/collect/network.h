// Network counters of containers, by network namespace: one RTM_GETSTATS dump of the host's links
// per tick, mapped to containers through their veth peers; inside the namespace
// (PROC/<pid>/net/dev) where there is no host end and, on a slower tier, for errors and drops,
// which the host end cannot know. Source: linux/rtnetlink.h, if_link.h (IFLA_STATS_LINK_64,
// IFLA_LINK_NETNSID, RTM_GETNSID); drivers/net/veth.c.
//
// Called from the sampler thread only; holds no descriptor per container. Natively it needs no
// capability at all. In a container with the host's /proc it needs the host's network namespace
// (CAP_SYS_ADMIN and CAP_SYS_PTRACE to enter it, unless it runs in it) and, in a pid namespace of
// its own, CAP_SYS_PTRACE for the veth mapping: without them it reads every namespace through
// PROC/<pid>/net/dev at each tick, and NetworkStats says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "exporter/collect/snapshot.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

enum class NetworkAttribution : std::uint8_t {
  kNone,   // No process, or no interface but lo.
  kOwn,    // These are this container's counters.
  kHost,   // It lives in the host's namespace: not reported as its own.
  kShared  // Another container of this tick already reports this namespace.
};

struct NetworkOptions {
  // Errors and drops, and a check of what we think of a namespace: each so often, six times more
  // rarely where nothing was sent or received meanwhile.
  std::chrono::nanoseconds inside_interval = std::chrono::seconds(10);
  std::int32_t host_pid = 1;  // A process in the network namespace that counts as the host's.
};

struct NetworkTarget {
  std::uint64_t serial = 0;  // Cgroup::serial
  const inventory::Identity* identity = nullptr;
  std::optional<std::int32_t> pid;  // Any process of the container; nothing: none known.
  // Out:
  NetworkAttribution attribution = NetworkAttribution::kNone;
  std::vector<InterfaceCounters> interfaces;  // Without lo, by name; empty unless kOwn.
};

struct NetworkStats {
  std::size_t namespaces = 0;   // Known now, without the host's.
  std::size_t by_host_end = 0;  // Containers whose counters came from the host-side dump this tick.
  std::size_t by_namespace = 0;  // ... from inside their namespace.
  std::uint64_t errors = 0;
  std::string missing;  // The capability or facility that is missing, "" if none.
};

class NetworkCollector {
 public:
  [[nodiscard]] static std::unique_ptr<NetworkCollector> create(const DirFd& proc,
                                                                const Clock& clock,
                                                                NetworkOptions options = {});
  virtual ~NetworkCollector() = default;
  // Fills every target. The host's own row (Runtime::kRoot) gets the host's interfaces without lo,
  // veth*, docker*, nerdctl* (cAdvisor's rule) as kOwn; a container with other interfaces than
  // these is spared them too, since they belong to containers inside it. Of several targets in one
  // namespace the earlier wins, but a sandbox before all others and one that is known to share
  // another's (NetworkMode::kContainer) after them.
  virtual void collect(std::span<NetworkTarget> targets) = 0;
  virtual void forget(std::uint64_t serial) = 0;
  [[nodiscard]] virtual NetworkStats stats() const = 0;
};

}  // namespace plimsoll::exporter
