// Network counters of containers, by network namespace: one RTM_GETSTATS dump of the host's links
// per tick, mapped to containers through their veth peers; inside the namespace (RTM_GETSTATS
// there, or PROC/<pid>/net/dev) where there is no host end and, on a slower tier, for errors and
// drops, which the host end cannot know. Source: linux/rtnetlink.h, if_link.h (IFLA_STATS_LINK_64,
// IFLA_LINK_NETNSID, RTM_GETNSID); drivers/net/veth.c.
//
// Called from the sampler thread only. Opens no file for writing, needs no capability for
// PROC/<pid>/net/dev; CAP_SYS_PTRACE to tell namespaces of other users' processes apart,
// CAP_NET_ADMIN for the veth mapping: without them it falls back, and NetworkStats says so.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "exporter/collect/snapshot.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

enum class NetworkAttribution : std::uint8_t {
  kNone,   // No process, or no network of its own.
  kOwn,    // These are this container's counters.
  kHost,   // It lives in the host's namespace: not reported as its own.
  kShared  // Another container of this tick already reports this namespace.
};

struct NetworkTarget {
  std::uint64_t serial = 0;  // Cgroup::serial
  const inventory::Identity* identity = nullptr;
  std::optional<std::int32_t> pid;  // Any process of the container; nothing: none known.
  // Out:
  NetworkAttribution attribution = NetworkAttribution::kNone;
  std::vector<InterfaceCounters> interfaces;  // Without lo.
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
                                                                const Clock& clock);
  virtual ~NetworkCollector() = default;
  // Fills every target. The host's own row (Runtime::kRoot) gets the host's interfaces without lo,
  // veth*, docker*, nerdctl* (cAdvisor's rule). Earlier targets win a shared namespace: order by
  // creation, sandboxes first.
  virtual void collect(std::span<NetworkTarget> targets) = 0;
  virtual void forget(std::uint64_t serial) = 0;
  [[nodiscard]] virtual NetworkStats stats() const = 0;
};

}  // namespace plimsoll::exporter
