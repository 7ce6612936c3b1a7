// From `--etcd.*` to a host that others find.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/etcd_stats.h"
#include "exporter/web/registration.h"
#include "http/etcd/etcd_store.h"
#include "http/etcd/registrar.h"

namespace plimsoll::agent {

struct EtcdConfig {
  etcd::EtcdOptions client;  // client.endpoints empty: nothing is registered.
  std::string prefix = "/plimsoll";
  std::chrono::nanoseconds ttl = std::chrono::seconds(10);
  std::string node;       // "": the host's name.
  std::string advertise;  // "": derived from where the exporter listens.
  exporter::Registered containers = exporter::Registered::kAll;

  [[nodiscard]] bool wanted() const { return !client.endpoints.empty(); }
};

// What the exporter knows besides the flags.
struct EtcdFacts {
  std::vector<std::string> listening;  // As the server says: "127.0.0.1:7546", "[::]:7546".
  bool tls = false;
  std::string metrics_path = "/metrics";
  std::string cgroup_root, proc_root, host_root;
};

// The host's registration, kept by a thread of its own.
class EtcdRegistration {
 public:
  // Errors name the flag.
  [[nodiscard]] static Result<std::unique_ptr<EtcdRegistration>> create(const EtcdConfig& config,
                                                                        const EtcdFacts& facts,
                                                                        WallTime started);

  void start() { registrar_->start(); }
  // The newest snapshot, from any thread; returns at once.
  void publish(exporter::SnapshotPtr snapshot);
  [[nodiscard]] exporter::EtcdStats stats() const;

 private:
  EtcdRegistration(DirFd proc, const exporter::NodeFacts& node, const EtcdConfig& config,
                   std::unique_ptr<etcd::EtcdStore> store);
  void update(etcd::Entries& entries);

  const DirFd proc_;
  exporter::Registration registration_;  // The registrar's thread's.
  mutable std::mutex mutex_;             // Guards the next two.
  exporter::SnapshotPtr snapshot_;
  std::size_t left_out_ = 0;
  std::unique_ptr<etcd::Registrar> registrar_;  // Last: its thread uses the rest.
};

// Where others reach us: "HOST:PORT". The host's name stands for addresses that are every one; an
// address that is one host's alone stays. kInvalidInput when nothing is served by TCP. Pure.
[[nodiscard]] Result<std::string> advertised_address(const std::vector<std::string>& listening,
                                                     const std::string& host_name);

}  // namespace plimsoll::agent
