// Names of containers on the networks that have them: all but the default bridge.
#include <algorithm>

#include "runtime/net/manager.h"
#include "runtime/net/netns.h"
#include "runtime/net/resolv_conf.h"

namespace plimsoll::net {

namespace {
constexpr std::size_t kShortId = 12;
constexpr std::uint16_t kNamePort = 53;
}  // namespace

bool Manager::has_names(const Endpoint& endpoint) const {
  const auto network = networks_.find(endpoint.network_id);
  return network != networks_.end() && network->second.is_bridge() &&
         network->second.record.network.name != "bridge";
}

void Manager::remember_names(const ContainerRecord& record) {
  for (const EndpointRecord& one : record.endpoints) {
    const Endpoint& endpoint = one.endpoint;
    if (!has_names(endpoint)) continue;
    Named named{.network = endpoint.network_id,
                .network_name = endpoint.network_name,
                .container = record.container,
                .names = {endpoint.container_name, record.container.substr(0, kShortId)}};
    named.names.insert(named.names.end(), endpoint.aliases.begin(), endpoint.aliases.end());
    for (const std::string& text : {endpoint.address, endpoint.address6})
      if (const auto address = parse_address(text)) named.addresses.push_back(*address);
    names_.add(std::move(named));
  }
}

void Manager::forget_names(const ContainerRecord& record) {
  names_.remove(record.container);
}

Result<> Manager::serve_names(const ContainerRecord& record, ResolverSockets sockets) {
  if (!resolver_) {
    resolver_ = PLIMSOLL_TRY(Resolver::start(
        names_, {.resolv_conf = options_.resolv_conf, .resolved_conf = options_.resolved_conf}));
  }
  ResolverSite site{.container = record.container, .forwards = false};
  for (const EndpointRecord& one : record.endpoints) {
    if (site.servers.empty()) site.servers = one.servers;
    site.forwards = site.forwards || !one.endpoint.gateway.empty();
  }
  resolver_->serve(std::move(site), std::move(sockets));
  return {};
}

// A container that publishes port 53 serves names itself, and must be able to bind that port on all
// its addresses: then ours are elsewhere, and a rule inside leads there.
Result<> Manager::serve_names_anew(const ContainerRecord& record) {
  const auto is_name_server = [](const Published& port) {
    return port.container_port == kNamePort;
  };
  const bool redirected = std::ranges::any_of(record.published, is_name_server);
  const Fd netns = PLIMSOLL_TRY(open_netns(netns_path(record.container)));
  ResolverSockets sockets;
  PLIMSOLL_TRY(in_netns(netns, [&]() -> Result<> {
    sockets = PLIMSOLL_TRY(open_resolver_sockets(redirected ? 0 : kNamePort));
    if (!redirected) return {};
    const std::uint16_t udp = PLIMSOLL_TRY(port_of(sockets.udp));
    const std::uint16_t tcp = PLIMSOLL_TRY(port_of(sockets.tcp));
    Nft nft = PLIMSOLL_TRY(Nft::open());
    return nft.run(redirect_text(options_.table, udp, tcp));
  }));
  return serve_names(record, std::move(sockets));
}

Resolving Manager::resolving(const std::string& container) const {
  const std::lock_guard lock(mutex_);
  Resolving host = host_resolving(options_.resolv_conf, options_.resolved_conf);
  const auto found = containers_.find(container);
  if (found != containers_.end())
    for (const EndpointRecord& record : found->second.record.endpoints)
      if (has_names(record.endpoint)) return with_names(std::move(host));
  return without_loopback(std::move(host));
}

}  // namespace plimsoll::net
