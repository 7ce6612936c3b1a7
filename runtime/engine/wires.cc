// Networks of containers, and the files that say so inside: hosts, hostname, resolv.conf.
#include <fcntl.h>

#include <algorithm>
#include <future>
#include <string>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/number.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/etc_files.h"
#include "runtime/engine/files.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

bool is_bridged(const std::string& mode) {
  return mode != "host" && mode != "none" && other_of(mode).empty();
}

Event network_event(const net::Endpoint& endpoint, const char* action) {
  return {
      "network",
      action,
      endpoint.network_id,
      {{"container", endpoint.container_id}, {"name", endpoint.network_name}, {"type", "bridge"}},
      WallTime{}};
}

// "18090-18095", "8080", "".
Answer<std::pair<std::uint16_t, std::uint16_t>> host_range(const std::string& text) {
  if (text.empty()) return std::pair<std::uint16_t, std::uint16_t>(0, 0);
  const std::size_t dash = text.find('-');
  const auto first = to_number<std::uint16_t>(std::string_view(text).substr(0, dash));
  const auto last = dash == std::string::npos
                        ? first
                        : to_number<std::uint16_t>(std::string_view(text).substr(dash + 1));
  if (!first || !last || *last < *first)
    return refuse(Refused::kInvalid, fill_in("invalid port specification: \"{}\"", text));
  return std::pair(*first, *last);
}

// "80/tcp"
Answer<net::PortRequest> container_port(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto port = to_number<std::uint16_t>(std::string_view(text).substr(0, slash));
  if (!port || *port == 0)
    return refuse(Refused::kInvalid, fill_in("invalid port specification: \"{}\"", text));
  net::PortRequest request;
  request.container_port = *port;
  if (slash != std::string::npos) request.protocol = text.substr(slash + 1);
  return request;
}

Answer<std::vector<net::PortRequest>> ports_of(const model::Definition& definition) {
  std::vector<net::PortRequest> all;
  for (const auto& [port, bindings] : definition.host.port_bindings) {
    const net::PortRequest inside = PLIMSOLL_TRY(container_port(port));
    for (const model::PortBinding& binding :
         bindings.empty() ? std::vector<model::PortBinding>(1) : bindings) {
      net::PortRequest request = inside;
      request.host_ip = binding.host_ip;
      std::tie(request.first, request.last) = PLIMSOLL_TRY(host_range(binding.host_port));
      all.push_back(std::move(request));
    }
  }
  if (!definition.host.publish_all_ports) return all;
  for (const std::string& port : definition.config.exposed_ports)
    if (!definition.host.port_bindings.contains(port))
      all.push_back(PLIMSOLL_TRY(container_port(port)));
  return all;
}

}  // namespace

Answer<> EngineImpl::connect_one(Entry& entry, const std::string& network,
                                 const model::EndpointConfig& endpoint) {
  const Container& container = entry.stored.container;
  const net::Network found = PLIMSOLL_TRY(networks_->find(network));
  net::EndpointRequest request;
  request.container_id = entry.id;
  request.container_name = container.name;
  request.address = endpoint.ipv4_address;
  request.address6 = endpoint.ipv6_address;
  request.mac =
      endpoint.mac_address.empty() ? container.definition.config.mac_address : endpoint.mac_address;
  request.aliases = endpoint.aliases;
  request.links = endpoint.links;
  const net::Endpoint made = PLIMSOLL_TRY(networks_->connect(found.id, request));
  events_->tell(network_event(made, "connect"));
  return {};
}

Answer<> EngineImpl::connect_all(Entry& entry, BundleFacts& facts, Rollback& undo, Wiring& wiring) {
  const model::Definition& definition = entry.stored.container.definition;
  undo.on_failure([this, id = entry.id] { std::ignore = networks_->release(id); });
  facts.network = PLIMSOLL_TRY(networks_->make_namespace(entry.id));
  if (!is_bridged(definition.host.network_mode)) {
    PLIMSOLL_TRY(write_etc(entry));
    return {};
  }
  if (!options_.live_networks)
    return refuse(Refused::kInvalid,
                  "this engine makes no bridges: only the networks host and none are there");
  // A sysctl of an interface is written when the process is made, and needs the interface.
  if (!definition.host.sysctls.empty()) return wire(entry);
  PLIMSOLL_TRY(make_etc(entry));
  wiring = std::async(std::launch::async, [this, &entry] { return wire(entry); });
  return {};
}

Answer<> EngineImpl::wire(Entry& entry) {
  const model::Definition& definition = entry.stored.container.definition;
  // The one that the mode names comes first: it has the ports and the default route.
  const auto first = definition.networks.find(definition.host.network_mode);
  PLIMSOLL_TRY(
      connect_one(entry, definition.host.network_mode,
                  first == definition.networks.end() ? model::EndpointConfig() : first->second));
  for (const auto& [name, endpoint] : definition.networks)
    if (name != definition.host.network_mode) PLIMSOLL_TRY(connect_one(entry, name, endpoint));
  PLIMSOLL_TRY(publish_ports(entry));
  PLIMSOLL_TRY(write_etc(entry));
  return {};
}

Answer<> EngineImpl::publish_ports(Entry& entry) {
  const Container& container = entry.stored.container;
  const std::vector<net::PortRequest> ports = PLIMSOLL_TRY(ports_of(container.definition));
  if (ports.empty()) return {};
  auto published = networks_->publish(entry.id, ports);
  if (published) return {};
  const auto endpoints = networks_->endpoints_of(entry.id);
  return refuse(
      published.error().why,
      fill_in("driver failed programming external connectivity on endpoint {} ({}): {}",
              container.name, endpoints.empty() ? std::string() : endpoints.front().endpoint_id,
              published.error().message));
}

void EngineImpl::disconnected(Entry& entry) {
  for (const net::Endpoint& endpoint : networks_->endpoints_of(entry.id))
    events_->tell(network_event(endpoint, "disconnect"));
}

// What Docker gives a container of those it is linked to on the default bridge.
Answer<std::vector<std::string>> EngineImpl::link_variables(const Entry& entry) const {
  std::vector<std::string> all;
  const Container& container = entry.stored.container;
  for (const std::string& link : container.definition.host.links) {
    const Link parsed = parse_link(link);
    const ContainerPtr other = PLIMSOLL_TRY(find(parsed.container));
    if (!other->state.running())
      return refuse(Refused::kFailed,
                    fill_in("Cannot link to a non running container: /{} AS /{}/{}", other->name,
                            container.name, parsed.alias));
    for (std::string& variable : variables_of(parsed, container, *other))
      all.push_back(std::move(variable));
  }
  return all;
}

Result<> EngineImpl::make_etc(const Entry& entry) {
  const Container& container = entry.stored.container;
  for (const std::string& path :
       {container.hosts_path, container.hostname_path, container.resolv_conf_path}) {
    const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return os_failure("open", path);
  }
  return {};
}

Result<> EngineImpl::write_etc(Entry& entry) {
  const Container& container = entry.stored.container;
  const model::Definition& definition = container.definition;
  const std::string& mode = definition.host.network_mode;
  EtcRequest request;
  request.container = &container;
  request.endpoints = networks_->endpoints_of(entry.id);
  request.is_host = mode == "host";
  if (is_bridged(mode)) request.resolving = networks_->resolving(entry.id);
  for (const std::string& link : definition.host.links) {
    const Link parsed = parse_link(link);
    if (const auto other = find(parsed.container)) request.linked.emplace_back(parsed, *other);
  }
  PLIMSOLL_TRY(rewrite_file(container.hosts_path, hosts_text(request), 0644));
  PLIMSOLL_TRY(rewrite_file(container.hostname_path, definition.config.hostname + "\n", 0644));
  return rewrite_file(container.resolv_conf_path, resolv_conf_text(request), 0644);
}

Answer<> EngineImpl::connect(std::string_view network, std::string_view reference,
                             const model::EndpointConfig& endpoint) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const net::Network found = PLIMSOLL_TRY(networks_->find(network));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  Container& container = entry->stored.container;
  const std::string& mode = container.definition.host.network_mode;
  // One that has been taken off its last network has its namespace yet.
  if (!is_bridged(mode) && mode != "none")
    return refuse(Refused::kForbidden,
                  mode == "host"
                      ? "container cannot be disconnected from host network or connected "
                        "to others"
                      : "container sharing network namespace with another container or "
                        "host cannot be connected to any other network");
  if (found.driver == "host" || found.driver == "null")
    return refuse(Refused::kForbidden,
                  fill_in("container cannot be connected to network {}", found.name));
  auto& networks = container.definition.networks;
  for (const auto& [name, known] : networks) {
    const auto other = networks_->find(name);
    if (other && other->id == found.id)
      return refuse(Refused::kForbidden,
                    fill_in("endpoint with name {} already exists in network {}", container.name,
                            found.name));
  }
  if (container.state.running() && container.state.status != Status::kRestarting) {
    PLIMSOLL_TRY(connect_one(*entry, found.name, endpoint));
    networks[found.name] = endpoint;
    if (mode == "none") {
      networks.erase("none");
      container.definition.host.network_mode = found.name;
    }
    PLIMSOLL_TRY(write_etc(*entry));
  } else {
    networks[found.name] = endpoint;
    if (mode == "none") {
      networks.erase("none");
      container.definition.host.network_mode = found.name;
    } else if (!networks.contains(mode)) {
      container.definition.host.network_mode = found.name;
    }
  }
  PLIMSOLL_TRY(save_config(*entry, true));
  publish(*entry);
  return {};
}

Answer<> EngineImpl::disconnect(std::string_view network, std::string_view reference,
                                bool /*force*/) {
  const net::Network found = PLIMSOLL_TRY(networks_->find(network));
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  Container& container = entry->stored.container;
  auto& networks = container.definition.networks;
  const auto named = std::ranges::find_if(networks, [&](const auto& one) {
    const auto other = networks_->find(one.first);
    return other && other->id == found.id;
  });
  if (named == networks.end() || container.definition.host.network_mode == "host")
    return refuse(Refused::kFailed,
                  fill_in("container {} is not connected to network {}", entry->id, found.name));
  for (const net::Endpoint& endpoint : networks_->endpoints_of(entry->id)) {
    if (endpoint.network_id != found.id) continue;
    PLIMSOLL_TRY(networks_->disconnect(found.id, entry->id));
    events_->tell(network_event(endpoint, "disconnect"));
  }
  const bool was_mode = container.definition.host.network_mode == named->first;
  networks.erase(named);
  // The mode is what the next start goes by.
  if (was_mode && !networks.empty())
    container.definition.host.network_mode = networks.begin()->first;
  else if (was_mode)
    container.definition.host.network_mode = "none";
  if (container.state.running()) PLIMSOLL_TRY(write_etc(*entry));
  PLIMSOLL_TRY(save_config(*entry, true));
  publish(*entry);
  return {};
}

Answer<> EngineImpl::remove_network(std::string_view network) {
  const net::Network found = PLIMSOLL_TRY(networks_->find(network));
  PLIMSOLL_TRY(networks_->remove(found.id));
  events_->tell(
      {"network", "destroy", found.id, {{"name", found.name}, {"type", found.driver}}, WallTime{}});
  return {};
}

}  // namespace plimsoll::engine
