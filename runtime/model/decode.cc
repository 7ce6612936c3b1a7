#include <algorithm>

#include "runtime/model/fields.h"

namespace plimsoll::model {

namespace {

// Decodes a whole document, which must be an object, with `fields(reader, value)`.
template <class T, class Fields>
Answer<T> read(std::string_view text, const char* place, Fields fields) {
  const Result<json::Document> document = json::parse(text);
  if (!document) return refuse(Refused::kInvalid, "invalid JSON: " + document.error().subject);
  if (document->root.type != json::Type::kObject)
    return refuse(Refused::kInvalid, "invalid JSON: must be an object");
  T value;
  std::string failed;
  Reader reader(document->root, place, failed);
  fields(reader, value);
  if (!failed.empty()) return refuse(Refused::kInvalid, std::move(failed));
  return value;
}

// "80" is "80/tcp".
std::string with_protocol(const std::string& port) {
  if (port.find('/') == std::string::npos) return port + "/tcp";
  std::string lower = port;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Clients say "not asked for" in several ways; here it is said in one. Done again, it changes
// nothing.
void settle(HostConfig& host) {
  if (host.network_mode.empty()) host.network_mode = "default";
  if (host.restart_policy.name.empty()) host.restart_policy.name = "no";
  if (host.log_config.type.empty()) host.log_config.type = "json-file";
  if (host.resources.memory_swappiness == -1) host.resources.memory_swappiness.reset();
  if (host.resources.pids_limit == 0) host.resources.pids_limit.reset();
  for (DeviceMapping& device : host.resources.devices) {
    if (device.path_in_container.empty()) device.path_in_container = device.path_on_host;
    if (device.cgroup_permissions.empty()) device.cgroup_permissions = "rwm";
  }
  decltype(host.port_bindings) bindings;
  for (auto& [port, places] : host.port_bindings) {
    auto& all = bindings[with_protocol(port)];
    all.insert(all.end(), places.begin(), places.end());
  }
  host.port_bindings = std::move(bindings);
}

void settle(Config& config) {
  std::set<std::string> ports;
  for (const std::string& port : config.exposed_ports) ports.insert(with_protocol(port));
  config.exposed_ports = std::move(ports);
}

bool asks_for_devices(const Reader& host) {
  const json::Value* requests = host.member("DeviceRequests");
  return requests && !requests->members.empty();
}

}  // namespace

Answer<Config> decode_config(std::string_view json) {
  Answer<Config> config = read<Config>(json, "Config", fields::config);
  if (config) settle(*config);
  return config;
}

Answer<HostConfig> decode_host_config(std::string_view json) {
  Answer<HostConfig> host = read<HostConfig>(json, "HostConfig", fields::host_config);
  if (host) settle(*host);
  return host;
}

Answer<EndpointConfig> decode_endpoint_config(std::string_view json) {
  return read<EndpointConfig>(json, "EndpointConfig", fields::endpoint_config);
}

Answer<Definition> decode_definition(std::string_view json) {
  bool devices = false;
  Answer<Definition> definition =
      read<Definition>(json, "", [&devices](Reader& reader, Definition& whole) {
        fields::config(reader, whole.config);
        reader.group("HostConfig", whole.host, true, [&devices](Reader& inner, HostConfig& host) {
          fields::host_config(inner, host);
          devices = asks_for_devices(inner);
        });
        reader.group("NetworkingConfig", whole, true, [](Reader& inner, Definition& of) {
          inner.dictionary("EndpointsConfig", of.networks, fields::endpoint_config);
        });
      });
  if (!definition) return definition;
  // GPUs and the like: nothing here could give them, and a container without would be a surprise.
  if (devices)
    return refuse(Refused::kFailed,
                  "could not select device driver \"\": DeviceRequests are not "
                  "supported");
  settle(definition->config);
  settle(definition->host);
  return definition;
}

Answer<UpdateRequest> decode_update(std::string_view json) {
  Answer<UpdateRequest> request =
      read<UpdateRequest>(json, "", [](Reader& reader, UpdateRequest& whole) {
        fields::resources(reader, whole.resources);
        // What says nothing must not switch a policy off.
        RestartPolicy policy{.name = ""};
        reader.group("RestartPolicy", policy, true, fields::restart_policy);
        if (!policy.name.empty()) whole.restart_policy = policy;
      });
  if (!request) return request;
  if (request->resources.memory_swappiness == -1) request->resources.memory_swappiness.reset();
  return request;
}

}  // namespace plimsoll::model
