// The `--etcd.*` flags of `plimsoll exporter` and `plimsoll sd`. CLI11 stays in the .cc.
#pragma once

#include <string>
#include <vector>

#include "agent/etcd_setup.h"
#include "http/etcd/etcd_store.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// Where etcd is and who asks. Parsing fills `options` and `prefix`, which must outlive `app`.
void add_etcd_client_flags(CLI::App& app, etcd::EtcdOptions& options, std::string& prefix,
                           const std::string& endpoints_help);
// Those, and what is registered.
void add_etcd_flags(CLI::App& app, EtcdConfig& config);

}  // namespace plimsoll::agent
