// Networks and volumes.
#pragma once

#include <string>
#include <vector>

#include "runtime/docker/api.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

void add_networks(Api& api, engine::Engine& engine);
void add_volumes(Api& api, engine::Engine& engine);

// Pure.
[[nodiscard]] std::string network_json(const net::Network& network,
                                       const std::vector<net::Endpoint>& endpoints);
// `size` and `users` where they were asked for: "UsageData".
struct VolumeUsage {
  std::uint64_t size = 0;
  std::size_t users = 0;
};
[[nodiscard]] std::string volume_json(const engine::Volume& volume,
                                      const std::optional<VolumeUsage>& usage = {});
[[nodiscard]] model::Answer<net::Network> decode_network(std::string_view json);
[[nodiscard]] model::Answer<engine::Volume> decode_volume(std::string_view json);

}  // namespace plimsoll::docker
