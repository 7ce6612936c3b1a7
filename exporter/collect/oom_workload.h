// What is restarted and replaced and yet stays the same thing to its operator: containers of one
// name and image, or of one place in a Kubernetes workload. Kills are counted for it since the
// exporter's start, so a counter goes on when the container that was killed is gone.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace plimsoll::exporter {

struct OomWorkload {
  std::string runtime;
  std::string image;
  std::string name;           // "" in Kubernetes, where it is new at each start.
  std::string pod_namespace;  // Kubernetes only.
  std::string container;      // Kubernetes only.
  auto operator<=>(const OomWorkload&) const = default;
};

struct OomWorkloadCount {
  OomWorkload workload;
  std::uint64_t kills = 0;
};

}  // namespace plimsoll::exporter
