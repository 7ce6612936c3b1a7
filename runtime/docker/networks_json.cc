// Networks and volumes as Docker's API shows and asks for them.
#include "runtime/docker/networks.h"
#include "runtime/model/json_reader.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Empty;
using model::Reader;
using model::Writer;

std::string with_prefix(const std::string& address, int prefix) {
  return address.empty() ? address : address + "/" + std::to_string(prefix);
}

std::string ipam_json(const net::Network& network) {
  std::string out;
  Writer write(out);
  write("Driver", std::string("default"));
  write("Options", network.ipam_options, Empty::kNull);
  write.objects("Config", network.ipam, [](Writer& one, const net::IpamConfig& config) {
    one("Subnet", config.subnet, Empty::kOmitted);
    one("Gateway", config.gateway, Empty::kOmitted);
    one("IPRange", config.ip_range, Empty::kOmitted);
    one("AuxiliaryAddresses", config.auxiliary, Empty::kOmitted);
  });
  write.close();
  return out;
}

std::string containers_json(const std::vector<net::Endpoint>& endpoints) {
  std::map<std::string, const net::Endpoint*> by_container;
  for (const net::Endpoint& endpoint : endpoints)
    if (!endpoint.address.empty() || !endpoint.address6.empty())
      by_container[endpoint.container_id] = &endpoint;
  std::string out;
  Writer write(out);
  for (const auto& [container, endpoint] : by_container) {
    std::string one;
    Writer inner(one);
    inner("Name", endpoint->container_name);
    inner("EndpointID", endpoint->endpoint_id);
    inner("MacAddress", endpoint->mac);
    inner("IPv4Address", with_prefix(endpoint->address, endpoint->prefix));
    inner("IPv6Address", with_prefix(endpoint->address6, endpoint->prefix6));
    inner.close();
    write.constant(container, one);
  }
  write.close();
  return out;
}

model::Answer<json::Document> parse_object(std::string_view text) {
  auto document = PLIMSOLL_TRY(json::parse(text));
  if (document.root.type != json::Type::kObject)
    return model::refuse(model::Refused::kInvalid, "the body must be a JSON object");
  return document;
}

void read_ipam(const json::Value& ipam, net::Network& network, std::string& wrong) {
  Reader read(ipam, "IPAM", wrong);
  read("Options", network.ipam_options);
  read.objects("Config", network.ipam, [](Reader& one, net::IpamConfig& config) {
    one("Subnet", config.subnet);
    one("Gateway", config.gateway);
    one("IPRange", config.ip_range);
    one("AuxiliaryAddresses", config.auxiliary);
  });
}

}  // namespace

std::string network_json(const net::Network& network, const std::vector<net::Endpoint>& endpoints) {
  std::string out;
  Writer write(out);
  write("Name", network.name);
  write("Id", network.id);
  write("Created", network.created);
  write("Scope", std::string("local"));
  write("Driver", network.driver);
  write("EnableIPv6", network.ipv6);
  write.constant("IPAM", ipam_json(network));
  write("Internal", network.internal);
  write("Attachable", network.attachable);
  write("Ingress", false);
  write.constant("ConfigFrom", R"({"Network":""})");
  write("ConfigOnly", false);
  write.constant("Containers", containers_json(endpoints));
  write("Options", network.options);
  write("Labels", network.labels);
  write.close();
  return out;
}

std::string volume_json(const engine::Volume& volume, const std::optional<VolumeUsage>& usage) {
  std::string out;
  Writer write(out);
  write("CreatedAt", volume.created);
  write("Driver", volume.driver);
  write("Labels", volume.labels, Empty::kNull);
  write("Mountpoint", volume.mountpoint);
  write("Name", volume.name);
  write("Options", volume.options, Empty::kNull);
  write("Scope", std::string("local"));
  if (usage) {
    std::string inner;
    Writer data(inner);
    data("Size", usage->size);
    data("RefCount", usage->users);
    data.close();
    write.constant("UsageData", inner);
  }
  write.close();
  return out;
}

model::Answer<net::Network> decode_network(std::string_view json) {
  const auto document = PLIMSOLL_TRY(parse_object(json));
  net::Network network;
  std::string wrong;
  Reader read(document.root, "", wrong);
  read("Name", network.name);
  read("Driver", network.driver);
  read("EnableIPv6", network.ipv6);
  read("Internal", network.internal);
  read("Attachable", network.attachable);
  read("Options", network.options);
  read("Labels", network.labels);
  bool ingress = false;
  bool config_only = false;
  read("Ingress", ingress);
  read("ConfigOnly", config_only);
  if (const json::Value* ipam = read.member("IPAM"); ipam && wrong.empty()) {
    if (ipam->type != json::Type::kObject)
      return model::refuse(model::Refused::kInvalid, "IPAM: must be an object");
    read_ipam(*ipam, network, wrong);
  }
  if (!wrong.empty()) return model::refuse(model::Refused::kInvalid, wrong);
  if (ingress || config_only)
    return model::refuse(
        model::Refused::kInvalid,
        "ingress and config-only networks belong to a swarm; this engine has none");
  if (network.driver.empty() || network.driver == "default") network.driver = "bridge";
  return network;
}

model::Answer<engine::Volume> decode_volume(std::string_view json) {
  engine::Volume volume;
  if (json.empty()) return volume;
  const auto document = PLIMSOLL_TRY(parse_object(json));
  std::string wrong;
  Reader read(document.root, "", wrong);
  read("Name", volume.name);
  read("Driver", volume.driver);
  read("DriverOpts", volume.options);
  read("Labels", volume.labels);
  if (!wrong.empty()) return model::refuse(model::Refused::kInvalid, wrong);
  if (volume.driver.empty()) volume.driver = "local";
  return volume;
}

}  // namespace plimsoll::docker
