#include "runtime/net/record.h"

#include <map>

#include "base/json.h"
#include "base/number.h"

namespace plimsoll::net {

namespace {

using Words = std::vector<std::string>;
using Table = std::map<std::string, std::string>;

// Appends members of one object; the braces are its life.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    json::append_string(out_, name);
    out_ += ':';
  }
  void put(std::string_view name, std::string_view text) {
    key(name);
    json::append_string(out_, text);
  }
  void put_number(std::string_view name, int value) {
    key(name);
    out_ += std::to_string(value);
  }
  void put_flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void put(std::string_view name, const Table& table) {
    key(name);
    Object inner(out_);
    for (const auto& [of, text] : table) inner.put(of, text);
  }
  template <class T, class Append>
  void put(std::string_view name, const std::vector<T>& list, const Append& append) {
    key(name);
    out_ += '[';
    for (const T& item : list) {
      if (&item != list.data()) out_ += ',';
      append(out_, item);
    }
    out_ += ']';
  }
  void put(std::string_view name, const Words& words) {
    put(name, words, [](std::string& out, const std::string& w) { json::append_string(out, w); });
  }

 private:
  std::string& out_;
};

void append_ipam(std::string& out, const IpamConfig& ipam) {
  Object object(out);
  object.put("subnet", ipam.subnet);
  object.put("gateway", ipam.gateway);
  object.put("range", ipam.ip_range);
  object.put("auxiliary", ipam.auxiliary);
}

void append_endpoint(std::string& out, const EndpointRecord& record) {
  const Endpoint& endpoint = record.endpoint;
  Object object(out);
  object.put("network", endpoint.network_id);
  object.put("network_name", endpoint.network_name);
  object.put("id", endpoint.endpoint_id);
  object.put("name", endpoint.container_name);
  object.put("mac", endpoint.mac);
  object.put("gateway", endpoint.gateway);
  object.put("address", endpoint.address);
  object.put_number("prefix", endpoint.prefix);
  object.put("gateway6", endpoint.gateway6);
  object.put("address6", endpoint.address6);
  object.put_number("prefix6", endpoint.prefix6);
  object.put("interface", endpoint.interface);
  object.put("aliases", endpoint.aliases);
  object.put("links", endpoint.links);
  object.put("link", record.link);
  object.put("servers", record.servers);
}

void append_published(std::string& out, const Published& published) {
  Object object(out);
  object.put_number("container_port", published.container_port);
  object.put("protocol", published.protocol);
  object.put("host_ip", published.host_ip);
  object.put_number("host_port", published.host_port);
}

Failure wrong(std::string_view name, json::Type expected) {
  return invalid_input("record", std::string(name) + ": not " + std::string(name_of(expected)));
}

// A member that may be missing; one of another type is refused.
Result<const json::Value*> member(const json::Value& object, std::string_view name,
                                  json::Type type) {
  if (object.type != json::Type::kObject) return wrong(name, json::Type::kObject);
  const json::Value* value = object.find(name);
  if (value != nullptr && value->type != type) return wrong(name, type);
  return value;
}

Result<std::string> text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kString));
  return value == nullptr ? std::string() : std::string(value->text);
}

Result<bool> flag_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kBoolean));
  return value != nullptr && value->boolean;
}

template <class T>
Result<T> number_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kNumber));
  if (value == nullptr) return T{};
  const auto number = to_number<T>(value->text);
  if (!number) return invalid_input("record", std::string(name) + ": out of range");
  return *number;
}

Result<Words> words_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kArray));
  Words words;
  if (value == nullptr) return words;
  for (const json::Member& item : value->members) {
    if (item.value.type != json::Type::kString) return wrong(name, json::Type::kString);
    words.emplace_back(item.value.text);
  }
  return words;
}

Result<Table> table_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kObject));
  Table table;
  if (value == nullptr) return table;
  for (const json::Member& item : value->members) {
    if (item.value.type != json::Type::kString) return wrong(name, json::Type::kString);
    table.emplace(item.key, item.value.text);
  }
  return table;
}

template <class T, class Decode>
Result<std::vector<T>> list_of(const json::Value& object, std::string_view name,
                               const Decode& decode) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kArray));
  std::vector<T> list;
  if (value == nullptr) return list;
  for (const json::Member& item : value->members) {
    T decoded = PLIMSOLL_TRY(decode(item.value));
    list.push_back(std::move(decoded));
  }
  return list;
}

Result<IpamConfig> ipam_of(const json::Value& value) {
  IpamConfig ipam;
  ipam.subnet = PLIMSOLL_TRY(text_of(value, "subnet"));
  ipam.gateway = PLIMSOLL_TRY(text_of(value, "gateway"));
  ipam.ip_range = PLIMSOLL_TRY(text_of(value, "range"));
  ipam.auxiliary = PLIMSOLL_TRY(table_of(value, "auxiliary"));
  return ipam;
}

Result<EndpointRecord> endpoint_of(const json::Value& value) {
  EndpointRecord record;
  Endpoint& endpoint = record.endpoint;
  endpoint.network_id = PLIMSOLL_TRY(text_of(value, "network"));
  endpoint.network_name = PLIMSOLL_TRY(text_of(value, "network_name"));
  endpoint.endpoint_id = PLIMSOLL_TRY(text_of(value, "id"));
  endpoint.container_name = PLIMSOLL_TRY(text_of(value, "name"));
  endpoint.mac = PLIMSOLL_TRY(text_of(value, "mac"));
  endpoint.gateway = PLIMSOLL_TRY(text_of(value, "gateway"));
  endpoint.address = PLIMSOLL_TRY(text_of(value, "address"));
  endpoint.prefix = PLIMSOLL_TRY(number_of<int>(value, "prefix"));
  endpoint.gateway6 = PLIMSOLL_TRY(text_of(value, "gateway6"));
  endpoint.address6 = PLIMSOLL_TRY(text_of(value, "address6"));
  endpoint.prefix6 = PLIMSOLL_TRY(number_of<int>(value, "prefix6"));
  endpoint.interface = PLIMSOLL_TRY(text_of(value, "interface"));
  endpoint.aliases = PLIMSOLL_TRY(words_of(value, "aliases"));
  endpoint.links = PLIMSOLL_TRY(words_of(value, "links"));
  record.link = PLIMSOLL_TRY(text_of(value, "link"));
  record.servers = PLIMSOLL_TRY(words_of(value, "servers"));
  return record;
}

Result<Published> published_of(const json::Value& value) {
  Published published;
  published.container_port = PLIMSOLL_TRY(number_of<std::uint16_t>(value, "container_port"));
  published.protocol = PLIMSOLL_TRY(text_of(value, "protocol"));
  published.host_ip = PLIMSOLL_TRY(text_of(value, "host_ip"));
  published.host_port = PLIMSOLL_TRY(number_of<std::uint16_t>(value, "host_port"));
  return published;
}

}  // namespace

std::string encode(const NetworkRecord& record) {
  const Network& network = record.network;
  std::string out;
  {
    Object object(out);
    object.put("id", network.id);
    object.put("name", network.name);
    object.put("driver", network.driver);
    object.put("created", network.created);
    object.put_flag("ipv6", network.ipv6);
    object.put_flag("internal", network.internal);
    object.put_flag("attachable", network.attachable);
    object.put("ipam", network.ipam, append_ipam);
    object.put("ipam_options", network.ipam_options);
    object.put("options", network.options);
    object.put("labels", network.labels);
    object.put("bridge", network.bridge);
    object.put_flag("subnet_asked", record.subnet_asked);
    object.put_flag("removed", record.removed);
  }
  return out;
}

std::string encode(const ContainerRecord& record) {
  std::string out;
  {
    Object object(out);
    object.put("container", record.container);
    object.put("endpoints", record.endpoints, append_endpoint);
    object.put("published", record.published, append_published);
  }
  return out;
}

Result<NetworkRecord> decode_network(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  const json::Value& root = document.root;
  NetworkRecord record;
  Network& network = record.network;
  network.id = PLIMSOLL_TRY(text_of(root, "id"));
  network.name = PLIMSOLL_TRY(text_of(root, "name"));
  network.driver = PLIMSOLL_TRY(text_of(root, "driver"));
  network.created = PLIMSOLL_TRY(text_of(root, "created"));
  network.ipv6 = PLIMSOLL_TRY(flag_of(root, "ipv6"));
  network.internal = PLIMSOLL_TRY(flag_of(root, "internal"));
  network.attachable = PLIMSOLL_TRY(flag_of(root, "attachable"));
  network.ipam = PLIMSOLL_TRY(list_of<IpamConfig>(root, "ipam", ipam_of));
  network.ipam_options = PLIMSOLL_TRY(table_of(root, "ipam_options"));
  network.options = PLIMSOLL_TRY(table_of(root, "options"));
  network.labels = PLIMSOLL_TRY(table_of(root, "labels"));
  network.bridge = PLIMSOLL_TRY(text_of(root, "bridge"));
  record.subnet_asked = PLIMSOLL_TRY(flag_of(root, "subnet_asked"));
  record.removed = PLIMSOLL_TRY(flag_of(root, "removed"));
  if (network.id.empty()) return invalid_input("record", "id: missing");
  if (network.name.empty()) return invalid_input("record", "name: missing");
  return record;
}

Result<ContainerRecord> decode_container(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  const json::Value& root = document.root;
  ContainerRecord record;
  record.container = PLIMSOLL_TRY(text_of(root, "container"));
  record.endpoints = PLIMSOLL_TRY(list_of<EndpointRecord>(root, "endpoints", endpoint_of));
  record.published = PLIMSOLL_TRY(list_of<Published>(root, "published", published_of));
  if (record.container.empty()) return invalid_input("record", "container: missing");
  for (EndpointRecord& endpoint : record.endpoints)
    endpoint.endpoint.container_id = record.container;
  return record;
}

}  // namespace plimsoll::net
