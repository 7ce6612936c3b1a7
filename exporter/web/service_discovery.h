// Prometheus' HTTP service discovery: the containers that say by label that they have metrics.
//
//   prometheus.io/port    "9100" or "9100,9200": the one that must be there
//   prometheus.io/scrape  "false" leaves the container out
//   prometheus.io/path    "/metrics" when absent
//   prometheus.io/scheme  "http" when absent
//
// Labels are those of Prometheus' docker_sd_configs where it has them, so that relabelling rules
// written for it go on working, and __meta_plimsoll_* for what only we know.
// Source: prometheus.io/docs, configuration, http_sd_config and docker_sd_config.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Addresses of a container in its own network, as in local_addresses().
using AddressesOf = std::function<Result<std::vector<std::string>>(const inventory::Identity&)>;

struct Discovery {
  struct Skipped {
    std::string container;
    std::string reason;
  };
  std::string targets;           // JSON, as http_sd_config reads it.
  std::vector<Skipped> skipped;  // Declared a port, and cannot be a target.
};

// `host`: the name under which the client reached us; containers in the host's network are there.
[[nodiscard]] Discovery discover(const Snapshot& snapshot, const AddressesOf& addresses_of,
                                 std::string_view host);

// Whether it says that it has metrics and that they are to be scraped.
[[nodiscard]] bool declares_port(const inventory::Identity& identity);
// Of one that does: its part of Discovery::targets, as an array of its own, with the label
// __meta_plimsoll_node if `node` is not empty. The error's subject is the reason why it cannot be a
// target.
[[nodiscard]] Result<std::string> targets_of(const inventory::Identity& identity,
                                             const AddressesOf& addresses_of, std::string_view host,
                                             std::string_view node);

// [{"container":"...","reason":"..."}]
[[nodiscard]] std::string to_json(const std::vector<Discovery::Skipped>& skipped);

// The name in a Host header, without the port; "localhost" when it is none.
[[nodiscard]] std::string host_name(std::string_view host_header);

}  // namespace plimsoll::exporter
