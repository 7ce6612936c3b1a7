// From `--push.*` to a running Pusher.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exporter/push/pusher.h"
#include "exporter/web/endpoints.h"

namespace plimsoll::agent {

struct PushConfig {
  exporter::RemoteOptions remote;  // remote.url empty: nothing is pushed.
  std::chrono::nanoseconds interval = std::chrono::seconds(15);
  std::string queue_dir = "/var/lib/plimsoll/push";
  std::uint64_t queue_bytes = std::uint64_t{256} << 20;
  std::uint64_t samples_per_request = 2000;
  // Put on every series besides instance (this host's name) and job ("plimsoll"), or instead of
  // them.
  std::vector<exporter::PushLabel> external_labels;

  [[nodiscard]] bool wanted() const { return !remote.url.empty(); }
};

// Opens the queue and loads what sending needs; start() it when the server runs. Errors name the
// flag. `endpoints` must outlive the pusher.
[[nodiscard]] Result<std::unique_ptr<exporter::Pusher>> make_pusher(const PushConfig& config,
                                                                    exporter::Endpoints& endpoints);

}  // namespace plimsoll::agent
