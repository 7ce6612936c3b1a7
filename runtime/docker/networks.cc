#include "runtime/docker/networks.h"

#include <algorithm>
#include <utility>

#include "runtime/docker/filters.h"
#include "runtime/docker/times.h"
#include "runtime/model/fields.h"

namespace plimsoll::docker {

namespace {

bool is_predefined(const net::Network& network) {
  return network.name == "bridge" || network.name == "host" || network.name == "none";
}

void tell_created(engine::Engine& engine, const net::Network& network) {
  engine.tell({.type = "network",
               .action = "create",
               .id = network.id,
               .attributes = {{"name", network.name}, {"type", network.driver}},
               .at = RealClock().wall()});
}

std::string show(engine::Engine& engine, const net::Network& network) {
  return network_json(network, engine.networks().endpoints(network.id));
}

model::Answer<std::vector<net::Network>> select(engine::Engine& engine, const Call& call) {
  const Filters filters = PLIMSOLL_TRY(Filters::parse(
      call.query("filters"), {"driver", "id", "label", "name", "scope", "type", "dangling"}));
  const auto dangling = PLIMSOLL_TRY(filters.flag("dangling"));
  for (const std::string& type : filters.values("type"))
    if (type != "builtin" && type != "custom")
      return model::refuse(model::Refused::kInvalid, "invalid filter: 'type'='" + type + "'");
  std::vector<net::Network> networks = engine.networks().list();
  std::erase_if(networks, [&](const net::Network& network) {
    if (dangling) {
      const bool is_unused =
          !is_predefined(network) && engine.networks().endpoints(network.id).empty();
      if (*dangling != is_unused) return true;
    }
    return !filters.admits("driver", network.driver) ||
           !filters.admits_beginning("id", network.id) ||
           !filters.admits_part("name", network.name) || !filters.admits("scope", "local") ||
           !filters.admits("type", is_predefined(network) ? "builtin" : "custom") ||
           !filters.admits_labels("label", network.labels);
  });
  return networks;
}

void list(const CallPtr& call, engine::Engine& engine) {
  const auto networks = select(engine, *call);
  if (!networks) return call->fail(networks.error());
  std::string body = "[";
  for (const net::Network& network : *networks) {
    body += body.size() == 1 ? "" : ",";
    body += show(engine, network);
  }
  call->respond(200, body + "]");
}

void inspect(const CallPtr& call, engine::Engine& engine) {
  const auto network = engine.networks().find(call->parameter());
  if (!network) return call->fail(network.error());
  call->respond(200, show(engine, *network));
}

void create(const CallPtr& call, engine::Engine& engine) {
  auto asked = decode_network(call->body());
  if (!asked) return call->fail(asked.error());
  const auto made = engine.networks().create(*std::move(asked));
  if (!made) return call->fail(made.error());
  tell_created(engine, *made);
  call->respond(201, R"({"Id":")" + made->id + R"(","Warning":""})");
}

void remove(const CallPtr& call, engine::Engine& engine) {
  const auto network = engine.networks().find(call->parameter());
  if (!network) return call->fail(network.error());
  call->done(engine.remove_network(network->id));
}

struct Joining {
  std::string container;
  model::EndpointConfig endpoint;
  bool force = false;
};

model::Answer<Joining> decode_joining(const std::string& body) {
  const auto document = PLIMSOLL_TRY(json::parse(body));
  if (document.root.type != json::Type::kObject)
    return model::refuse(model::Refused::kInvalid, "the body must be a JSON object");
  Joining joining;
  std::string wrong;
  model::Reader read(document.root, "", wrong);
  read("Container", joining.container);
  read("Force", joining.force);
  read.group("EndpointConfig", joining.endpoint, true, model::fields::endpoint_config);
  if (!wrong.empty()) return model::refuse(model::Refused::kInvalid, wrong);
  if (joining.container.empty())
    return model::refuse(model::Refused::kInvalid, "Container: must not be empty");
  return joining;
}

void connect(const CallPtr& call, engine::Engine& engine) {
  const auto joining = decode_joining(call->body());
  if (!joining) return call->fail(joining.error());
  const auto connected = engine.connect(call->parameter(), joining->container, joining->endpoint);
  if (!connected) return call->fail(connected.error());
  call->respond(200);
}

void disconnect(const CallPtr& call, engine::Engine& engine) {
  const auto joining = decode_joining(call->body());
  if (!joining) return call->fail(joining.error());
  const auto done = engine.disconnect(call->parameter(), joining->container, joining->force);
  if (!done) return call->fail(done.error());
  call->respond(200);
}

void prune(const CallPtr& call, engine::Engine& engine) {
  const auto filters = Filters::parse(call->query("filters"), {"label", "label!", "until"});
  if (!filters) return call->fail(filters.error());
  std::optional<WallTime> until;
  if (filters->has("until")) {
    const auto parsed = parse_time(filters->values("until").front(), RealClock().wall());
    if (!parsed) return call->fail(parsed.error());
    until = *parsed;
  }
  std::string names;
  for (const net::Network& network : engine.networks().list()) {
    if (is_predefined(network) || !filters->admits_labels("label", network.labels)) continue;
    if (filters->has("label!") && filters->admits_labels("label!", network.labels)) continue;
    const auto created = parse_time(network.created, {});
    if (until && created && *created && **created > *until) continue;
    // Refused where somebody uses it: those stay.
    if (!engine.networks().endpoints(network.id).empty() || !engine.remove_network(network.id))
      continue;
    names += names.empty() ? "" : ",";
    json::append_string(names, network.name);
  }
  call->respond(200, R"({"NetworksDeleted":)" + (names.empty() ? "null" : "[" + names + "]") + "}");
}

}  // namespace

void add_networks(Api& api, engine::Engine& engine) {
  const auto on = [&engine](void (*what)(const CallPtr&, engine::Engine&)) {
    return [&engine, what](const CallPtr& call) { what(call, engine); };
  };
  api.add(Method::kGet, "/networks", on(list));
  api.add(Method::kGet, "/networks/{id}", on(inspect));
  api.add(Method::kPost, "/networks/create", on(create));
  api.add(Method::kPost, "/networks/prune", on(prune));
  api.add(Method::kPost, "/networks/{id}/connect", on(connect));
  api.add(Method::kPost, "/networks/{id}/disconnect", on(disconnect));
  api.add(Method::kDelete, "/networks/{id}", on(remove));
}

}  // namespace plimsoll::docker
