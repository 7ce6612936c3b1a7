// What this host tells the others by a registry: itself and its containers, each as a JSON object
// of facts whose member "targets" is what Prometheus' file_sd_configs takes.
//
//   PREFIX/nodes/NODE
//   PREFIX/containers/NODE/CONTAINER_ID
//
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "exporter/collect/snapshot.h"
#include "exporter/web/service_discovery.h"

namespace plimsoll::exporter {

struct NodeFacts {
  std::string node;     // The host's name in the registry; no '/'.
  std::string address;  // "HOST:PORT", where this exporter is reached.
  std::string scheme = "http";
  std::string metrics_path = "/metrics";
  std::string cgroup_mode;  // "v1", "v2", "hybrid"
  std::string machine_id;   // "" when it has none.
  WallTime started;
};

// {"node":...,"targets":[{"targets":[address],"labels":{...}}]}
[[nodiscard]] std::string node_value(const NodeFacts& facts);

enum class Registered : std::uint8_t { kAll, kDeclared, kNone };  // Which containers.

struct RegistrationOptions {
  std::string prefix = "/plimsoll";
  Registered containers = Registered::kAll;
  std::size_t max_containers = 4096;
  std::size_t max_value = std::size_t{64} << 10;  // Bytes; one that is larger is left out.
  // A container's address may change without a word, so it is asked for again.
  std::chrono::nanoseconds ask_again = std::chrono::seconds(30);
  // So may one come to have its first.
  std::chrono::nanoseconds ask_soon = std::chrono::seconds(1);
};

class Registration {
 public:
  using Entries = std::map<std::string, std::shared_ptr<const std::string>>;

  // `host`: where containers in the host's network are reached.
  Registration(RegistrationOptions options, const NodeFacts& facts, std::string host,
               AddressesOf addresses_of);

  // Without a snapshot the host alone. Reads a file for each container that declares a port and is
  // new, changed or not asked about for `ask_again`.
  void update(const Snapshot* snapshot, Entries& entries);
  // Containers that the last update left out.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  struct Known {
    inventory::IdentityPtr identity;
    MonoTime asked;
    bool is_target = false;
    std::shared_ptr<const std::string> value;
    std::uint64_t round = 0;  // Of the last update that saw it.
  };
  void update_one(const inventory::IdentityPtr& identity, MonoTime now, Entries& entries);
  void describe(Known& known, MonoTime now) const;

  const RegistrationOptions options_;
  const std::string node_;
  const std::string host_;
  const AddressesOf addresses_of_;
  const std::string node_key_;
  const std::string containers_;  // The prefix of their keys.
  const std::shared_ptr<const std::string> node_value_;
  std::map<std::string, Known> known_;  // By key.
  std::uint64_t round_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace plimsoll::exporter
