#include "exporter/web/service_discovery.h"

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "base/text.h"
#include "exporter/metrics/labels.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

namespace {

using inventory::Identity;
using inventory::NetworkMode;

// Label "prometheus.io/" + `key`; empty when there is none.
std::string_view declared(const Identity& identity, std::string_view key) {
  constexpr std::string_view kPrefix = "prometheus.io/";
  for (const auto& [name, value] : identity.labels)
    if (name.starts_with(kPrefix) && std::string_view(name).substr(kPrefix.size()) == key)
      return value;
  return {};
}

struct Target {
  std::vector<std::uint16_t> ports;
  std::string path = "/metrics";
  std::string scheme = "http";
};

Result<Target> parse_target(const Identity& identity) {
  Target target;
  for (std::string_view list = declared(identity, "port"); !list.empty();) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view word = trim(list.substr(0, comma));
    const auto port = to_number<std::uint16_t>(word);
    if (!port || *port == 0)
      return invalid_input("label", "prometheus.io/port: '" + std::string(word) + "' is no port");
    target.ports.push_back(*port);
    list.remove_prefix(std::min(list.size(), comma + 1));
  }
  if (const std::string_view path = declared(identity, "path"); !path.empty())
    target.path = (path.starts_with('/') ? "" : "/") + std::string(path);
  if (const std::string_view scheme = declared(identity, "scheme"); !scheme.empty()) {
    if (scheme != "http" && scheme != "https")
      return invalid_input(
          "label", "prometheus.io/scheme: '" + std::string(scheme) + "' is neither http nor https");
    target.scheme = scheme;
  }
  return target;
}

std::string_view network_word(NetworkMode mode) {
  switch (mode) {
    case NetworkMode::kHost:
      return "host";
    case NetworkMode::kContainer:
      return "container";
    case NetworkMode::kNone:
      return "none";
    case NetworkMode::kOwn:
      return "own";
    case NetworkMode::kUnknown:
      break;
  }
  return "";
}

std::string joined(std::string_view address, std::uint16_t port) {
  const bool brackets = address.find(':') != std::string_view::npos && !address.starts_with('[');
  std::string text(brackets ? "[" : "");
  text.append(address).append(brackets ? "]:" : ":").append(std::to_string(port));
  return text;
}

void write_label(JsonWriter& json, std::string_view name, std::string_view value,
                 std::string_view prefix = {}) {
  if (!value.empty()) json.key(name).text(value, prefix);
}

void write_target(JsonWriter& json, const Identity& identity, const Target& target,
                  std::string_view address, std::uint16_t port, std::string_view node) {
  const std::string port_text = std::to_string(port);
  json.begin_object();
  json.key("targets").begin_array().text(joined(address, port));
  json.end_array();
  json.key("labels").begin_object();
  write_label(json, "__scheme__", target.scheme);
  write_label(json, "__metrics_path__", target.path);
  write_label(json, "__meta_docker_container_id", identity.id);
  // Docker's own names begin with a slash, and docker_sd shows it.
  write_label(json, "__meta_docker_container_name", identity.name, "/");
  write_label(json, "__meta_docker_container_network_mode", network_word(identity.network));
  if (identity.network != NetworkMode::kHost)
    write_label(json, "__meta_docker_network_ip", address);
  write_label(json, "__meta_docker_port_private", port_text);
  std::vector<std::string> used;
  for (const auto& [key, value] : identity.labels) {
    std::string name = "__meta_docker_container_label_";
    append_label_name(name, key);
    if (std::ranges::find(used, name) != used.end()) continue;  // JSON has each key once.
    write_label(json, name, value);
    used.push_back(std::move(name));
  }
  write_label(json, "__meta_plimsoll_node", node);
  write_label(json, "__meta_plimsoll_runtime", name_of(identity.runtime));
  write_label(json, "__meta_plimsoll_cgroup", identity.cgroup);
  write_label(json, "__meta_plimsoll_image", identity.image);
  write_label(json, "__meta_plimsoll_pod", identity.pod_name);
  write_label(json, "__meta_plimsoll_namespace", identity.pod_namespace);
  write_label(json, "__meta_plimsoll_container", identity.pod_container);
  write_label(json, "__meta_plimsoll_compose_project", identity.compose_project);
  write_label(json, "__meta_plimsoll_compose_service", identity.compose_service);
  json.end_object();
  json.end_object();
}

Result<std::string> address_of(const Identity& identity, const AddressesOf& addresses_of,
                               std::string_view host) {
  if (identity.network == NetworkMode::kHost) return std::string(host);
  if (identity.network == NetworkMode::kNone)
    return failure(ErrorKind::kNotOffered, "address", "it has no network");
  if (!identity.pid) return failure(ErrorKind::kNotOffered, "address", "its process is not known");
  std::vector<std::string> addresses = PLIMSOLL_TRY(addresses_of(identity));
  if (addresses.empty()) return failure(ErrorKind::kNotOffered, "address", "it has no address");
  return std::move(addresses.front());
}

Result<> write_targets(JsonWriter& json, const Identity& identity, const AddressesOf& addresses_of,
                       std::string_view host, std::string_view node = {}) {
  const Target target = PLIMSOLL_TRY(parse_target(identity));
  const std::string address = PLIMSOLL_TRY(address_of(identity, addresses_of, host));
  for (const std::uint16_t port : target.ports)
    write_target(json, identity, target, address, port, node);
  return {};
}

}  // namespace

bool declares_port(const Identity& identity) {
  return !declared(identity, "port").empty() && declared(identity, "scrape") != "false";
}

Result<std::string> targets_of(const Identity& identity, const AddressesOf& addresses_of,
                               std::string_view host, std::string_view node) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  PLIMSOLL_TRY(write_targets(json, identity, addresses_of, host, node));
  json.end_array();
  return text;
}

Discovery discover(const Snapshot& snapshot, const AddressesOf& addresses_of,
                   std::string_view host) {
  Discovery found;
  JsonWriter json(found.targets);
  json.begin_array();
  for (const Row& row : snapshot.rows) {
    if (!row.identity || !row.identity->is_container()) continue;
    const Identity& identity = *row.identity;
    if (!declares_port(identity)) continue;
    const auto written = write_targets(json, identity, addresses_of, host);
    if (!written) found.skipped.push_back({identity.display, written.error().subject});
  }
  json.end_array();
  found.targets += '\n';
  return found;
}

std::string to_json(const std::vector<Discovery::Skipped>& skipped) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const Discovery::Skipped& one : skipped) {
    json.begin_object();
    json.key("container").text(one.container);
    json.key("reason").text(one.reason);
    json.end_object();
  }
  json.end_array();
  text += '\n';
  return text;
}

std::string host_name(std::string_view header) {
  const std::size_t colon = header.rfind(':');
  const bool in_brackets = header.find(']') != std::string_view::npos && header.ends_with(']');
  if (colon != std::string_view::npos && !in_brackets) header = header.substr(0, colon);
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";
  if (header.empty() || header.find_first_not_of(kAllowed) != std::string_view::npos)
    return "localhost";
  return std::string(header);
}

}  // namespace plimsoll::exporter
