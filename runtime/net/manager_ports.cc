// Published ports: a socket that holds each on the host, and a rule that leads it to the container.
#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "runtime/net/manager.h"

namespace plimsoll::net {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

constexpr const char* kHostBinding = "com.docker.network.bridge.host_binding_ipv4";

std::string shown(const Address& host, std::uint16_t port) {
  const std::string text = to_text(host);
  return (host.family == Family::kV4 ? text : "[" + text + "]") + ":" + std::to_string(port);
}

// Where it is to be reached: what was asked for, or everywhere that the container has an address
// for.
Answer<std::vector<Address>> hosts_of(const PortRequest& request, const Endpoint& target,
                                      const Network& network) {
  std::vector<Address> hosts;
  if (!request.host_ip.empty()) {
    const auto host = parse_address(request.host_ip);
    if (!host) return refuse(Refused::kInvalid, "invalid IP address: " + request.host_ip);
    hosts.push_back(*host);
    return hosts;
  }
  const auto binding = network.options.find(kHostBinding);
  const auto bound =
      binding == network.options.end() ? std::nullopt : parse_address(binding->second);
  const Address v4 = bound.value_or(Address{});
  hosts.push_back(v4);
  if (!target.address6.empty() && is_any(v4)) hosts.push_back({.family = Family::kV6});
  return hosts;
}

}  // namespace

// By another container: the kernel says so for what is bound, but not for a protocol it lacks.
bool Manager::is_allocated(const PortRule& rule) const {
  const auto collides = [&rule](const PortRule& other) {
    return other.protocol == rule.protocol && other.host_port == rule.host_port &&
           other.host.family == rule.host.family &&
           (other.host == rule.host || is_any(other.host) || is_any(rule.host));
  };
  return std::ranges::any_of(containers_, [&](const auto& pair) {
    return std::ranges::any_of(pair.second.held, collides, &HeldPort::rule);
  });
}

// The first port of the range that is free on all its addresses.
Answer<std::vector<HeldPort>> Manager::hold(const PortRequest& request, const Endpoint& target,
                                            const Network& network) {
  const std::vector<Address> hosts = PLIMSOLL_TRY(hosts_of(request, target, network));
  const PortRange local = local_ports(options_.proc);
  const bool any = request.first == 0;
  const unsigned first = any ? local.first : request.first;
  const unsigned last = any ? local.last : std::max(request.first, request.last);
  const unsigned count = last - first + 1;
  // As addresses: not the one that was just given back.
  unsigned offset = any && last_port_ >= first ? (last_port_ + 1U - first) % count : 0;
  for (unsigned i = 0; i < count; ++i, offset = (offset + 1) % count) {
    const auto port = static_cast<std::uint16_t>(first + offset);
    std::vector<HeldPort> held;
    for (const Address& host : hosts) {
      const std::string& text = host.family == Family::kV4 ? target.address : target.address6;
      const auto to = parse_address(text);
      if (!to)
        return refuse(Refused::kFailed, "Bind for " + shown(host, port) +
                                            " failed: the container has no such address");
      const PortRule rule{.protocol = request.protocol,
                          .host = host,
                          .host_port = port,
                          .target = *to,
                          .target_port = request.container_port};
      if (is_allocated(rule)) break;
      Result<Fd> socket = hold_port(request.protocol, host, port);
      if (!socket && socket.error().os_error == EADDRINUSE) break;
      if (!socket && socket.error().kind == ErrorKind::kInvalidInput)
        return std::unexpected(model::Refusal(socket.error()));
      if (!socket)
        return refuse(Refused::kFailed,
                      "Bind for " + shown(host, port) + " failed: " + socket.error().message());
      held.push_back({.published = {.container_port = request.container_port,
                                    .protocol = request.protocol,
                                    .host_ip = to_text(host),
                                    .host_port = port},
                      .rule = rule,
                      .socket = *std::move(socket)});
    }
    if (held.size() < hosts.size()) continue;
    if (any) last_port_ = port;
    return held;
  }
  return refuse(Refused::kFailed, any ? "all ports are allocated"
                                      : "Bind for " + shown(hosts.front(), request.first) +
                                            " failed: port is already allocated");
}

Result<> Manager::lead(const std::string& link, const std::vector<PortRule>& rules) {
  RouteSocket* socket = PLIMSOLL_TRY(route());
  PLIMSOLL_TRY(turn_round(*socket, link));
  return write_ports(rules);
}

Answer<std::vector<Published>> Manager::publish(const std::string& container,
                                                const std::vector<PortRequest>& ports) {
  const std::lock_guard lock(mutex_);
  const auto found = containers_.find(container);
  if (found == containers_.end())
    return refuse(Refused::kNotFound, "container " + container + " has no network namespace");
  ContainerState& state = found->second;
  const Endpoint* target = nullptr;
  const std::string* link = nullptr;
  const NetworkState* network = nullptr;
  for (const EndpointRecord& record : state.record.endpoints) {
    const auto of = networks_.find(record.endpoint.network_id);
    if (of == networks_.end() || !of->second.is_bridge() || of->second.record.network.internal)
      continue;
    target = &record.endpoint;
    link = &record.link;
    network = &of->second;
    break;
  }
  if (ports.empty()) return std::vector<Published>();
  // As Docker: without a network that leads outside, nothing is published, and nothing is wrong.
  if (target == nullptr) return std::vector<Published>();
  const std::string context = "driver failed programming external connectivity on endpoint " +
                              target->container_name + " (" + target->endpoint_id + "): ";
  std::vector<HeldPort> held;
  for (const PortRequest& request : ports) {
    Answer<std::vector<HeldPort>> taken = hold(request, *target, network->record.network);
    if (!taken) return refuse(taken.error().why, context + taken.error().message);
    // Held where the next request of the same container looks for collisions, too: bound.
    std::ranges::move(*taken, std::back_inserter(held));
  }
  std::vector<PortRule> rules;
  std::vector<Published> published;
  for (const HeldPort& port : held) {
    rules.push_back(port.rule);
    published.push_back(port.published);
  }
  const std::vector<Published> before = state.record.published;
  state.record.published.insert(state.record.published.end(), published.begin(), published.end());
  Result<> done = save(state);
  if (done) done = lead(*link, rules);
  const bool serves_names = std::ranges::any_of(
      ports, [](const PortRequest& request) { return request.container_port == 53; });
  if (done && serves_names && has_names(*target)) done = serve_names_anew(state.record);
  if (!done) {
    drop_ports(rules);
    state.record.published = before;
    const Result<> saved = save(state);
    if (!saved) log::warn("network: " + saved.error().message());
    return refuse(Refused::kFailed, context + done.error().message());
  }
  std::ranges::move(held, std::back_inserter(state.held));
  return published;
}

std::vector<Published> Manager::published(const std::string& container) const {
  const std::lock_guard lock(mutex_);
  const auto found = containers_.find(container);
  if (found == containers_.end()) return {};
  return found->second.record.published;
}

// Those that lead to this endpoint.
void Manager::unpublish(ContainerState& state, const Endpoint& endpoint) {
  const auto leads_there = [&endpoint](const HeldPort& held) {
    const std::string target = to_text(held.rule.target);
    return target == endpoint.address || target == endpoint.address6;
  };
  std::vector<PortRule> rules;
  for (const HeldPort& held : state.held)
    if (leads_there(held)) rules.push_back(held.rule);
  std::erase_if(state.held, leads_there);
  state.record.published.clear();
  for (const HeldPort& held : state.held) state.record.published.push_back(held.published);
  drop_ports(rules);
}

}  // namespace plimsoll::net
