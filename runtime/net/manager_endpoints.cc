// Connecting and disconnecting: addresses, names, and the pair of interfaces.
#include <algorithm>

#include "base/log.h"
#include "base/number.h"
#include "runtime/net/manager.h"
#include "runtime/net/netns.h"

namespace plimsoll::net {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

constexpr std::uint16_t kNamePort = 53;
constexpr const char* kIcc = "com.docker.network.bridge.enable_icc";

// The first that is free: "eth0", "eth1", ...
std::string next_interface(const ContainerRecord& record) {
  for (int i = 0;; ++i) {
    std::string name = "eth" + std::to_string(i);
    const bool used = std::ranges::any_of(record.endpoints, [&](const EndpointRecord& other) {
      return other.endpoint.interface == name;
    });
    if (!used) return name;
  }
}

std::vector<OwnAddress> addresses_of(const Endpoint& endpoint) {
  std::vector<OwnAddress> addresses;
  if (const auto v4 = parse_address(endpoint.address))
    addresses.push_back({.address = *v4, .prefix = endpoint.prefix});
  if (const auto v6 = parse_address(endpoint.address6))
    addresses.push_back({.address = *v6, .prefix = endpoint.prefix6});
  return addresses;
}

}  // namespace

std::vector<Endpoint> Manager::endpoints(const std::string& network_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<Endpoint> found;
  for (const auto& [id, container] : containers_)
    for (const EndpointRecord& record : container.record.endpoints)
      if (record.endpoint.network_id == network_id) found.push_back(record.endpoint);
  return found;
}

std::vector<Endpoint> Manager::endpoints_of(const std::string& container) const {
  const std::lock_guard lock(mutex_);
  std::vector<Endpoint> found;
  const auto state = containers_.find(container);
  if (state == containers_.end()) return found;
  for (const EndpointRecord& record : state->second.record.endpoints)
    found.push_back(record.endpoint);
  return found;
}

// On failure nothing of it stays taken.
Answer<> Manager::take_addresses(NetworkState& state, const EndpointRequest& request,
                                 Endpoint& endpoint) {
  const Network& network = state.record.network;
  const bool asks = !request.address.empty() || !request.address6.empty();
  if (asks && network.name == "bridge")
    return refuse(Refused::kInvalid,
                  "user specified IP address is supported on user defined networks only");
  if (asks && !state.record.subnet_asked)
    return refuse(Refused::kInvalid,
                  "user specified IP address is supported only when connecting to networks with "
                  "user configured subnets");
  Rollback rollback;
  for (std::size_t i = 0; i < state.pools.size(); ++i) {
    Pool& pool = state.pools[i];
    const bool v4 = pool.subnet().base.family == Family::kV4;
    std::string& text = v4 ? endpoint.address : endpoint.address6;
    if (!text.empty()) continue;  // Of a network with several subnets of a family, one.
    const std::string& wanted = v4 ? request.address : request.address6;
    std::optional<Address> address;
    if (wanted.empty()) {
      address = pool.take_next();
      if (!address)
        return refuse(Refused::kFailed, "no available IPv" + std::string(v4 ? "4" : "6") +
                                            " addresses on this network's address pools: " +
                                            network.name + " (" + network.id + ")");
    } else {
      address = parse_address(wanted);
      if (!address || !contains(pool.subnet(), *address)) continue;  // Maybe the next one's.
      if (!pool.take(*address)) return refuse(Refused::kFailed, "Address already in use");
    }
    rollback.on_failure([&pool, taken = *address] { pool.give_back(taken); });
    text = to_text(*address);
    (v4 ? endpoint.prefix : endpoint.prefix6) = pool.subnet().prefix;
    if (!network.internal) (v4 ? endpoint.gateway : endpoint.gateway6) = network.ipam[i].gateway;
  }
  const auto is_missing = [](const std::string& wanted, const std::string& got) {
    return !wanted.empty() && got.empty();
  };
  for (const auto& [wanted, got] : {std::pair(request.address, endpoint.address),
                                    std::pair(request.address6, endpoint.address6)})
    if (is_missing(wanted, got))
      return refuse(Refused::kInvalid, "Invalid address " + wanted +
                                           ": It does not belong to any of this network's subnets");
  rollback.commit();
  return {};
}

void Manager::give_back(const Endpoint& endpoint) {
  const auto network = networks_.find(endpoint.network_id);
  if (network == networks_.end()) return;
  for (const OwnAddress& own : addresses_of(endpoint))
    for (Pool& pool : network->second.pools)
      if (contains(pool.subnet(), own.address)) pool.give_back(own.address);
}

Result<ResolverSockets> Manager::attach(NetworkState& state, const EndpointRecord& record,
                                        Attachment what) {
  const Network& network = state.record.network;
  const Endpoint& endpoint = record.endpoint;
  const int bridge = PLIMSOLL_TRY(ensure_bridge(state));
  const Fd netns = PLIMSOLL_TRY(open_netns(netns_path(endpoint.container_id)));
  Veth veth{.outside = record.link, .bridge = bridge, .inside = endpoint.interface};
  veth.mac = parse_mac(endpoint.mac).value_or(Mac{});
  veth.isolated = option_is_off(network, kIcc);
  const auto mtu = network.options.find("com.docker.network.driver.mtu");
  if (mtu != network.options.end()) veth.mtu = to_number<int>(mtu->second).value_or(0);
  RouteSocket* socket = PLIMSOLL_TRY(route());
  PLIMSOLL_TRY(make_veth(*socket, veth, netns));
  Inside inside{.link = endpoint.interface, .addresses = addresses_of(endpoint)};
  if (what.route) {
    for (const std::string& text : {endpoint.gateway, endpoint.gateway6})
      if (const auto gateway = parse_address(text)) inside.gateways.push_back(*gateway);
  }
  const bool ipv6 = !endpoint.address6.empty();
  ResolverSockets sockets;
  PLIMSOLL_TRY(in_netns(netns, [&]() -> Result<> {
    if (what.resolver) sockets = PLIMSOLL_TRY(open_resolver_sockets(kNamePort));
    if (ipv6) {
      const std::string conf = "ipv6/conf/" + endpoint.interface;
      PLIMSOLL_TRY(write_sysctl(options_.proc, conf + "/accept_ra", "0"));
      PLIMSOLL_TRY(write_sysctl(options_.proc, conf + "/disable_ipv6", "0"));
    }
    RouteSocket own = PLIMSOLL_TRY(RouteSocket::open());
    PLIMSOLL_TRY(configure(own, inside));
    own.settle(endpoint.interface);
    return {};
  }));
  socket->settle(record.link);
  return sockets;
}

Result<> Manager::detach(const EndpointRecord& record) {
  if (record.link.empty()) return {};
  RouteSocket* socket = PLIMSOLL_TRY(route());
  return remove_link(*socket, record.link);
}

Answer<Endpoint> Manager::connect(const std::string& network_id, const EndpointRequest& request) {
  const std::lock_guard lock(mutex_);
  const NetworkState* found = PLIMSOLL_TRY(look_up(network_id));
  NetworkState& network = networks_[found->record.network.id];
  // The host's network, or none at all, need no namespace of ours.
  if (!network.is_bridge())
    containers_[request.container_id].record.container = request.container_id;
  const auto container = containers_.find(request.container_id);
  if (container == containers_.end())
    return refuse(Refused::kNotFound,
                  "container " + request.container_id + " has no network namespace");
  ContainerState& state = container->second;
  EndpointRecord record;
  Endpoint& endpoint = record.endpoint;
  endpoint.network_id = network.record.network.id;
  endpoint.network_name = network.record.network.name;
  endpoint.endpoint_id = random_id();
  endpoint.container_id = request.container_id;
  endpoint.container_name = request.container_name;
  endpoint.aliases = request.aliases;
  endpoint.links = request.links;
  record.servers = request.servers;
  Attachment what{.route = true, .resolver = has_names(endpoint)};
  const bool named = what.resolver;
  for (const EndpointRecord& other : state.record.endpoints) {
    if (other.endpoint.network_id == endpoint.network_id)
      return refuse(Refused::kForbidden, "endpoint with name " + request.container_name +
                                             " already exists in network " + endpoint.network_name);
    if (!other.endpoint.gateway.empty()) what.route = false;
    if (has_names(other.endpoint)) what.resolver = false;
  }
  if (network.is_bridge()) {
    if (!request.mac.empty() && !parse_mac(request.mac))
      return refuse(Refused::kInvalid, "invalid MAC address: " + request.mac);
    PLIMSOLL_TRY(take_addresses(network, request, endpoint));
    endpoint.interface = next_interface(state.record);
    const auto v4 = parse_address(endpoint.address);
    endpoint.mac = request.mac.empty() && v4 ? to_text(mac_for(*v4)) : request.mac;
    record.link = "plv" + endpoint.endpoint_id.substr(0, 12);
  }
  // Written before anything is there: a death from here on leaves nothing that nobody knows of.
  state.record.endpoints.push_back(record);
  Rollback rollback;
  rollback.on_failure([&] {
    const Result<> gone = detach(record);
    // What could not be removed stays written down.
    if (!gone) return log::warn("network: " + gone.error().message());
    state.record.endpoints.pop_back();
    give_back(endpoint);
    const Result<> saved = save(state);
    if (!saved) log::warn("network: " + saved.error().message());
  });
  PLIMSOLL_TRY(save(state));
  ResolverSockets sockets;
  if (network.is_bridge()) sockets = PLIMSOLL_TRY(attach(network, record, what));
  if (named || sockets.udp) PLIMSOLL_TRY(serve_names(state.record, std::move(sockets)));
  names_.remove(state.record.container);
  remember_names(state.record);
  rollback.commit();
  return endpoint;
}

Answer<> Manager::disconnect(const std::string& network_id, const std::string& container) {
  const std::lock_guard lock(mutex_);
  const NetworkState* network = PLIMSOLL_TRY(look_up(network_id));
  const auto found = containers_.find(container);
  const std::string& id = network->record.network.id;
  std::vector<EndpointRecord>* endpoints =
      found == containers_.end() ? nullptr : &found->second.record.endpoints;
  const auto is_this = [&id](const EndpointRecord& r) { return r.endpoint.network_id == id; };
  if (endpoints == nullptr || std::ranges::none_of(*endpoints, is_this))
    return refuse(Refused::kForbidden, "container " + container + " is not connected to network " +
                                           network->record.network.name);
  ContainerState& state = found->second;
  const EndpointRecord record = *std::ranges::find_if(*endpoints, is_this);
  forget_names(state.record);
  unpublish(state, record.endpoint);
  PLIMSOLL_TRY(detach(record));
  std::erase_if(*endpoints, is_this);
  give_back(record.endpoint);
  remember_names(state.record);
  if (std::ranges::any_of(*endpoints, [this](const auto& r) { return has_names(r.endpoint); }))
    PLIMSOLL_TRY(serve_names(state.record, {}));
  else if (resolver_)
    resolver_->stop(container);
  PLIMSOLL_TRY(save(state));
  if (!record.endpoint.gateway.empty()) PLIMSOLL_TRY(lead_elsewhere(state.record));
  return {};
}

// The way out was removed: the next network that has one is it.
Result<> Manager::lead_elsewhere(const ContainerRecord& record) {
  for (const EndpointRecord& other : record.endpoints) {
    if (other.endpoint.gateway.empty()) continue;
    Inside inside{.link = other.endpoint.interface};
    for (const std::string& text : {other.endpoint.gateway, other.endpoint.gateway6})
      if (const auto gateway = parse_address(text)) inside.gateways.push_back(*gateway);
    const Fd netns = PLIMSOLL_TRY(open_netns(netns_path(record.container)));
    return in_netns(netns, [&]() -> Result<> {
      RouteSocket own = PLIMSOLL_TRY(RouteSocket::open());
      return configure(own, inside);
    });
  }
  return {};
}

void Manager::rename(const std::string& container, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = containers_.find(container);
  if (found == containers_.end()) return;
  ContainerState& state = found->second;
  forget_names(state.record);
  for (EndpointRecord& record : state.record.endpoints) record.endpoint.container_name = name;
  remember_names(state.record);
  const Result<> saved = save(state);
  if (!saved) log::warn("network: " + saved.error().message());
}

}  // namespace plimsoll::net
