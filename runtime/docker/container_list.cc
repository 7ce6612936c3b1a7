// The short form of a container, for lists; and what both forms say of ports and networks.
#include <algorithm>
#include <map>
#include <set>

#include "base/number.h"
#include "runtime/docker/container_json.h"
#include "runtime/docker/container_text.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Empty;
using model::Writer;

struct Port {
  std::string ip;
  std::uint16_t inside = 0;
  std::uint16_t outside = 0;  // 0: not published.
  std::string protocol;
};

std::string port_name(const net::Published& published) {
  return std::to_string(published.container_port) + '/' + published.protocol;
}

// What is published, then what is merely exposed.
std::vector<Port> ports_of(const engine::Container& container) {
  std::vector<Port> ports;
  std::set<std::string> named;
  for (const net::Published& each : container.published) {
    ports.push_back({each.host_ip, each.container_port, each.host_port, each.protocol});
    named.insert(port_name(each));
  }
  if (!container.state.running()) return ports;
  for (const std::string& exposed : container.definition.config.exposed_ports) {
    const std::size_t slash = exposed.find('/');
    const auto number = to_number<std::uint16_t>(std::string_view(exposed).substr(0, slash));
    if (number && slash != std::string::npos && !named.contains(exposed))
      ports.push_back({"", *number, 0, exposed.substr(slash + 1)});
  }
  return ports;
}

void ports(Writer& write, const engine::Container& container) {
  write.objects("Ports", ports_of(container), [](Writer& inner, const Port& port) {
    inner("IP", port.ip, Empty::kOmitted);
    inner("PrivatePort", port.inside);
    inner("PublicPort", port.outside, Empty::kOmitted);
    inner("Type", port.protocol);
  });
}

// The network's name as people see it: "default" is the bridge.
std::string network_name(const std::string& asked) {
  return asked == "default" || asked.empty() ? "bridge" : asked;
}

std::string endpoint_json(const net::Endpoint& endpoint, const model::EndpointConfig* asked) {
  std::string ipam = "null";
  if (asked && !(asked->ipv4_address.empty() && asked->ipv6_address.empty())) {
    ipam.clear();
    Writer inner(ipam);
    inner("IPv4Address", asked->ipv4_address, Empty::kOmitted);
    inner("IPv6Address", asked->ipv6_address, Empty::kOmitted);
    inner.close();
  }
  std::string out;
  Writer write(out);
  write.constant("IPAMConfig", ipam);
  write("Links", endpoint.links.empty() && asked ? asked->links : endpoint.links);
  write("Aliases", endpoint.aliases.empty() && asked ? asked->aliases : endpoint.aliases);
  write("NetworkID", endpoint.network_id);
  write("EndpointID", endpoint.endpoint_id);
  write("Gateway", endpoint.gateway);
  write("IPAddress", endpoint.address);
  write("IPPrefixLen", endpoint.prefix);
  write("IPv6Gateway", endpoint.gateway6);
  write("GlobalIPv6Address", endpoint.address6);
  write("GlobalIPv6PrefixLen", endpoint.prefix6);
  write("MacAddress", endpoint.mac);
  write("DriverOpts", asked ? asked->driver_options : std::map<std::string, std::string>(),
        Empty::kNull);
  write.close();
  return out;
}

}  // namespace

std::string networks_json(const engine::Container& container) {
  const model::Definition& definition = container.definition;
  std::map<std::string, const model::EndpointConfig*> asked;
  for (const auto& [name, config] : definition.networks) asked[network_name(name)] = &config;
  std::map<std::string, const net::Endpoint*> up;
  for (const net::Endpoint& endpoint : container.endpoints) up[endpoint.network_name] = &endpoint;
  std::set<std::string> names;
  for (const auto& [name, config] : asked) names.insert(name);
  for (const auto& [name, endpoint] : up) names.insert(name);
  const bool joined = definition.host.network_mode.starts_with("container:");
  if (names.empty() && !joined) names.insert(network_name(definition.host.network_mode));

  const net::Endpoint down;
  std::string out;
  Writer write(out);
  for (const std::string& name : names) {
    const auto endpoint = up.find(name);
    const auto config = asked.find(name);
    write.constant(name, endpoint_json(endpoint == up.end() ? down : *endpoint->second,
                                       config == asked.end() ? nullptr : config->second));
  }
  write.close();
  return out;
}

std::string mounts_json(const engine::Container& container) {
  std::string out = "[";
  for (const engine::MountPoint& mount : container.mounts) {
    if (out.size() > 1) out += ',';
    Writer write(out);
    write("Type", mount.type);
    write("Name", mount.name, Empty::kOmitted);
    write("Source", mount.source);
    write("Destination", mount.destination);
    write("Driver", mount.driver, Empty::kOmitted);
    write("Mode", mount.mode);
    write("RW", mount.writable);
    write("Propagation", mount.propagation);
    write.close();
  }
  return out + ']';
}

std::string port_map_json(const engine::Container& container) {
  std::map<std::string, std::vector<model::PortBinding>> map;
  for (const net::Published& each : container.published)
    map[port_name(each)].push_back({each.host_ip, std::to_string(each.host_port)});
  if (container.state.running())
    for (const std::string& exposed : container.definition.config.exposed_ports) map[exposed];
  std::string out;
  Writer write(out);
  for (const auto& [port, places] : map)
    write.objects(
        port, places,
        [](Writer& inner, const model::PortBinding& place) {
          inner("HostIp", place.host_ip);
          inner("HostPort", place.host_port);
        },
        Empty::kNull);
  write.close();
  return out;
}

std::string list_json(const engine::Container& container, WallTime now,
                      const std::optional<image::Sizes>& sizes) {
  using std::chrono::duration_cast;
  const model::Definition& definition = container.definition;
  std::string networks;
  Writer settings(networks);
  settings.constant("Networks", networks_json(container));
  settings.close();
  std::string host;
  Writer mode(host);
  mode("NetworkMode", definition.host.network_mode);
  mode.close();

  std::string out;
  Writer write(out);
  write("Id", container.id);
  write("Names", std::vector<std::string>{'/' + container.name});
  write("Image", definition.config.image);
  write("ImageID", container.image_id);
  write("Command", command_text(container));
  write("Created",
        duration_cast<std::chrono::seconds>(container.created.time_since_epoch()).count());
  ports(write, container);
  if (sizes) {
    write("SizeRw", sizes->writable);
    write("SizeRootFs", sizes->root);
  }
  write("Labels", definition.config.labels);
  write("State", state_word(container.state.status));
  write("Status", status_text(container.state, now));
  write.constant("HostConfig", host);
  write.constant("NetworkSettings", networks);
  write.constant("Mounts", mounts_json(container));
  write.close();
  return out;
}

}  // namespace plimsoll::docker
