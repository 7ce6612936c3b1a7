// The one implementation of Networks: tables in memory, each entry of which is written down before
// the kernel is told.
//
// Files: STATE/networks/<network> for good, RUN/net/<container> until the container is released
// (RUN is a tmpfs: what a reboot ends, it forgets), RUN/netns/<container> the namespaces.
// Thread: every public method takes the lock; the others are called with it held.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rollback.h"
#include "runtime/net/files.h"
#include "runtime/net/links.h"
#include "runtime/net/names.h"
#include "runtime/net/networks.h"
#include "runtime/net/nft.h"
#include "runtime/net/pool.h"
#include "runtime/net/ports.h"
#include "runtime/net/reaper.h"
#include "runtime/net/record.h"
#include "runtime/net/resolver.h"
#include "runtime/net/rules.h"

namespace plimsoll::net {

struct NetworkState {
  NetworkRecord record;
  std::vector<Pool> pools;  // As `ipam` has them.
  bool ready = false;       // This program has made or found its bridge, and the rules are there.

  [[nodiscard]] bool is_bridge() const { return record.network.driver == "bridge"; }
};

// A published port with all that it takes.
struct HeldPort {
  Published published;
  PortRule rule;
  Fd socket;
};

struct ContainerState {
  ContainerRecord record;
  std::vector<HeldPort> held;
};

class Manager final : public Networks {
 public:
  Manager(Options options, Files networks, Files containers);
  ~Manager() override;

  // Reads what is written down, and writes the three networks that every host has.
  [[nodiscard]] Result<> load();

  [[nodiscard]] std::vector<Network> list() const override;
  [[nodiscard]] model::Answer<Network> find(std::string_view reference) const override;
  [[nodiscard]] model::Answer<Network> create(Network asked) override;
  [[nodiscard]] model::Answer<Network> remove(std::string_view reference) override;
  [[nodiscard]] std::vector<Endpoint> endpoints(const std::string& network_id) const override;
  [[nodiscard]] std::vector<Endpoint> endpoints_of(const std::string& container) const override;
  [[nodiscard]] Result<std::string> make_namespace(const std::string& container) override;
  [[nodiscard]] model::Answer<Endpoint> connect(const std::string& network_id,
                                                const EndpointRequest& request) override;
  [[nodiscard]] model::Answer<> disconnect(const std::string& network_id,
                                           const std::string& container) override;
  [[nodiscard]] model::Answer<std::vector<Published>> publish(
      const std::string& container, const std::vector<PortRequest>& ports) override;
  [[nodiscard]] std::vector<Published> published(const std::string& container) const override;
  void rename(const std::string& container, const std::string& name) override;
  [[nodiscard]] Resolving resolving(const std::string& container) const override;
  [[nodiscard]] Result<> release(const std::string& container) override;
  [[nodiscard]] Result<> restore(const std::vector<std::string>& running) override;

 private:
  // --- manager.cc ---
  [[nodiscard]] std::string netns_path(const std::string& container) const;
  [[nodiscard]] Result<RouteSocket*> route();
  [[nodiscard]] Result<Nft*> nft();
  // Writes all rules anew.
  [[nodiscard]] Result<> write_table();
  [[nodiscard]] Result<> write_ports(const std::vector<PortRule>& added);
  void drop_ports(const std::vector<PortRule>& rules);
  [[nodiscard]] Result<> save(const NetworkState& state) const;
  [[nodiscard]] Result<> save(const ContainerState& state) const;

  // --- manager_networks.cc ---
  [[nodiscard]] Result<> load_network(const std::string& text);
  [[nodiscard]] Result<> ensure_predefined();
  [[nodiscard]] Result<> ensure_default_bridge();
  [[nodiscard]] std::string default_subnet(const Network& network);
  [[nodiscard]] model::Answer<const NetworkState*> look_up(std::string_view reference) const;
  [[nodiscard]] std::vector<Subnet> own_subnets() const;
  [[nodiscard]] model::Answer<> check_bridge_name(const std::string& name);
  [[nodiscard]] model::Answer<> fill_in_subnets(Network& network);
  // Postcondition: its bridge is there, with the rules.
  [[nodiscard]] Result<int> ensure_bridge(NetworkState& state);
  [[nodiscard]] Result<> remove_bridge(const NetworkState& state);

  // --- manager_endpoints.cc ---
  [[nodiscard]] model::Answer<> take_addresses(NetworkState& state, const EndpointRequest& request,
                                               Endpoint& endpoint);
  void give_back(const Endpoint& endpoint);
  struct Attachment {
    bool route = false;     // A default route through it.
    bool resolver = false;  // Names are asked for inside.
  };
  [[nodiscard]] Result<ResolverSockets> attach(NetworkState& state, const EndpointRecord& record,
                                               Attachment what);
  [[nodiscard]] Result<> lead_elsewhere(const ContainerRecord& record);
  [[nodiscard]] Result<> detach(const EndpointRecord& record);

  // --- manager_ports.cc ---
  [[nodiscard]] model::Answer<std::vector<HeldPort>> hold(const PortRequest& request,
                                                          const Endpoint& target,
                                                          const Network& network);
  [[nodiscard]] bool is_allocated(const PortRule& rule) const;
  [[nodiscard]] Result<> lead(const std::string& link, const std::vector<PortRule>& rules);
  void unpublish(ContainerState& state, const Endpoint& endpoint);

  // --- manager_names.cc ---
  [[nodiscard]] bool has_names(const Endpoint& endpoint) const;
  void remember_names(const ContainerRecord& record);
  void forget_names(const ContainerRecord& record);
  // With sockets, or with those that it has.
  [[nodiscard]] Result<> serve_names(const ContainerRecord& record, ResolverSockets sockets);
  // The same, with new ones.
  [[nodiscard]] Result<> serve_names_anew(const ContainerRecord& record);

  // --- manager_restore.cc ---
  void take_again(const ContainerState& state);
  void hold_again(ContainerState& state);
  [[nodiscard]] Result<> remove_rest(const std::string& name, const ContainerState& state);
  [[nodiscard]] Result<> sweep_namespaces() const;
  [[nodiscard]] Result<> restore_bridges();

  const Options options_;
  const Files network_files_;
  const Files container_files_;

  mutable std::mutex mutex_;
  std::map<std::string, NetworkState> networks_;      // By id.
  std::map<std::string, ContainerState> containers_;  // By id.
  std::optional<RouteSocket> route_;
  std::optional<Nft> nft_;
  std::uint16_t last_port_ = 0;
  Names names_;
  std::unique_ptr<Resolver> resolver_;  // From the first network with names on. Refers to names_.
  std::unique_ptr<Reaper> reaper_;
};

// 64 hex digits.
[[nodiscard]] std::string random_id();
// The address of `text` with its length; for what we wrote ourselves.
[[nodiscard]] std::vector<Subnet> subnets_of(const Network& network);
[[nodiscard]] bool option_is_off(const Network& network, const std::string& name);

}  // namespace plimsoll::net
