// Networks: looking, creating, removing; their bridges.
#include <fcntl.h>
#include <net/if.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/net/forwarding.h"
#include "runtime/net/manager.h"

namespace plimsoll::net {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

constexpr std::array<std::pair<const char*, const char*>, 3> kPredefined = {
    {{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}}};

constexpr const char* kUsualSubnet = "172.27.0.0/16";

bool is_predefined(std::string_view name) {
  return std::ranges::any_of(kPredefined, [name](const auto& pair) { return pair.first == name; });
}

std::string now() {
  return rfc3339(RealClock().wall());
}

// RFC 4193: random, so that two hosts' networks can be joined one day.
Result<Subnet> random_subnet6() {
  Subnet subnet{.base = {.family = Family::kV6}, .prefix = 64};
  if (::getrandom(subnet.base.bytes.data() + 1, 7, 0) != 7)
    return os_failure("getrandom", "fd00::/8");
  subnet.base.bytes[0] = 0xFD;
  return subnet;
}

Address gateway_of(const Subnet& subnet) {
  return at(subnet, subnet.host_bits() < 2 ? 0 : 1);
}

Answer<> check_ipam(IpamConfig& ipam) {
  const auto subnet = parse_subnet(ipam.subnet);
  if (!subnet)
    return refuse(Refused::kInvalid, "invalid subnet " + ipam.subnet + ": invalid CIDR address");
  ipam.subnet = to_text(*subnet);
  if (ipam.gateway.empty()) ipam.gateway = to_text(gateway_of(*subnet));
  const auto gateway = parse_address(ipam.gateway);
  if (!gateway || !contains(*subnet, *gateway))
    return refuse(Refused::kInvalid, "invalid gateway " + ipam.gateway +
                                         ": parent subnet doesn't contain this address");
  const auto range = parse_subnet(ipam.ip_range);
  if (!ipam.ip_range.empty() && (!range || !contains(*subnet, *range)))
    return refuse(Refused::kInvalid, "invalid ip-range " + ipam.ip_range +
                                         ": parent subnet is smaller than subpool range");
  for (const auto& [name, text] : ipam.auxiliary) {
    const auto address = parse_address(text);
    if (!address || !contains(*subnet, *address))
      return refuse(Refused::kInvalid, "invalid auxiliary address " + text +
                                           ": parent subnet doesn't contain this address");
  }
  return {};
}

// With what is never given away taken already.
std::vector<Pool> pools_of(const Network& network) {
  std::vector<Pool> pools;
  for (const IpamConfig& ipam : network.ipam) {
    const auto subnet = parse_subnet(ipam.subnet);
    if (!subnet) continue;
    Pool& pool = pools.emplace_back(*subnet, parse_subnet(ipam.ip_range).value_or(*subnet));
    if (const auto gateway = parse_address(ipam.gateway)) (void)pool.take(*gateway);
    for (const auto& [name, text] : ipam.auxiliary)
      if (const auto address = parse_address(text)) (void)pool.take(*address);
  }
  return pools;
}

}  // namespace

std::vector<Subnet> subnets_of(const Network& network) {
  std::vector<Subnet> subnets;
  for (const IpamConfig& ipam : network.ipam)
    if (const auto subnet = parse_subnet(ipam.subnet)) subnets.push_back(*subnet);
  return subnets;
}

bool option_is_off(const Network& network, const std::string& name) {
  const auto found = network.options.find(name);
  return found != network.options.end() && (found->second == "false" || found->second == "0");
}

std::vector<Subnet> Manager::own_subnets() const {
  std::vector<Subnet> subnets;
  for (const auto& [id, state] : networks_)
    for (const Subnet& subnet : subnets_of(state.record.network)) subnets.push_back(subnet);
  return subnets;
}

std::vector<Network> Manager::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Network> networks;
  networks.reserve(networks_.size());
  for (const auto& [id, state] : networks_) networks.push_back(state.record.network);
  std::ranges::sort(networks, [](const Network& a, const Network& b) {
    const bool late_a = !is_predefined(a.name);
    const bool late_b = !is_predefined(b.name);
    return std::tie(late_a, a.created, a.name) < std::tie(late_b, b.created, b.name);
  });
  return networks;
}

Answer<const NetworkState*> Manager::look_up(std::string_view reference) const {
  const auto exact = networks_.find(std::string(reference));
  if (exact != networks_.end()) return &exact->second;
  const NetworkState* begun = nullptr;
  std::size_t matches = 0;
  for (const auto& [id, state] : networks_) {
    if (state.record.network.name == reference) return &state;
    if (reference.empty() || !id.starts_with(reference)) continue;
    begun = &state;
    ++matches;
  }
  const std::string name(reference);
  if (matches > 1)
    return refuse(Refused::kInvalid, "network " + name + " is ambiguous (" +
                                         std::to_string(matches) +
                                         " matches found based on ID prefix)");
  if (begun == nullptr) return refuse(Refused::kNotFound, "network " + name + " not found");
  return begun;
}

Answer<Network> Manager::find(std::string_view reference) const {
  const std::lock_guard lock(mutex_);
  const NetworkState* state = PLIMSOLL_TRY(look_up(reference));
  return state->record.network;
}

// What was not asked for is chosen; what was is checked against everything this host has.
Answer<> Manager::fill_in_subnets(Network& network) {
  const std::vector<Subnet> own = own_subnets();
  std::vector<Subnet> taken = own;
  RouteSocket* socket = PLIMSOLL_TRY(route());
  for (const Subnet& subnet : PLIMSOLL_TRY(routed_subnets(*socket))) taken.push_back(subnet);
  bool has_v4 = false;
  bool has_v6 = false;
  for (IpamConfig& ipam : network.ipam) {
    if (ipam.subnet.empty()) continue;
    PLIMSOLL_TRY(check_ipam(ipam));
    const auto subnet = parse_subnet(ipam.subnet);
    for (const Subnet& other : own)
      if (overlap(*subnet, other))
        return refuse(Refused::kForbidden, "Pool overlaps with other one on this address space");
    (subnet->base.family == Family::kV4 ? has_v4 : has_v6) = true;
  }
  std::erase_if(network.ipam, [](const IpamConfig& ipam) { return ipam.subnet.empty(); });
  if (!has_v4) {
    const auto subnet = free_subnet(taken);
    if (!subnet)
      return refuse(Refused::kNotFound,
                    "could not find an available, non-overlapping IPv4 address pool among the "
                    "defaults to assign to the network");
    network.ipam.insert(network.ipam.begin(),
                        {.subnet = to_text(*subnet), .gateway = to_text(gateway_of(*subnet))});
  }
  network.ipv6 = network.ipv6 || has_v6;
  if (network.ipv6 && !has_v6) {
    const Subnet subnet = PLIMSOLL_TRY(random_subnet6());
    network.ipam.push_back({.subnet = to_text(subnet), .gateway = to_text(gateway_of(subnet))});
  }
  return {};
}

// A link of the host's own is neither taken over nor, with the network, removed.
Answer<> Manager::check_bridge_name(const std::string& name) {
  const bool clean = !name.empty() && name.size() < IFNAMSIZ &&
                     std::ranges::none_of(
                         name, [](char c) { return c == '/' || c <= ' ' || c == '"' || c > '~'; });
  if (!clean) return refuse(Refused::kInvalid, "invalid bridge name: " + name);
  for (const auto& [id, state] : networks_)
    if (state.record.network.bridge == name)
      return refuse(Refused::kForbidden, "conflicts with network " + id + " (" + name +
                                             "): networks have same bridge name");
  RouteSocket* socket = PLIMSOLL_TRY(route());
  const int index = PLIMSOLL_TRY(socket->index_of(name));
  if (index != 0)
    return refuse(Refused::kForbidden, "an interface with name " + name + " already exists");
  return {};
}

Answer<Network> Manager::create(Network asked) {
  const std::lock_guard lock(mutex_);
  if (asked.name.empty()) return refuse(Refused::kInvalid, "invalid network name: name is empty");
  if (is_predefined(asked.name))
    return refuse(Refused::kForbidden,
                  "operation is not permitted on predefined " + asked.name + " network ");
  for (const auto& [id, state] : networks_)
    if (state.record.network.name == asked.name)
      return refuse(Refused::kConflict, "network with name " + asked.name + " already exists");
  if (asked.driver.empty()) asked.driver = "bridge";
  if (asked.driver == "host" || asked.driver == "null")
    return refuse(Refused::kForbidden,
                  "only one instance of \"" + asked.driver + "\" network is allowed");
  if (asked.driver != "bridge")
    return refuse(Refused::kNotFound, "plugin \"" + asked.driver + "\" not found");
  NetworkState state;
  state.record.subnet_asked =
      std::ranges::any_of(asked.ipam, [](const IpamConfig& ipam) { return !ipam.subnet.empty(); });
  PLIMSOLL_TRY(fill_in_subnets(asked));
  asked.id = random_id();
  asked.created = now();
  const auto named = asked.options.find("com.docker.network.bridge.name");
  asked.bridge = named != asked.options.end() ? named->second : "pl-" + asked.id.substr(0, 12);
  PLIMSOLL_TRY(check_bridge_name(asked.bridge));
  state.pools = pools_of(asked);
  state.record.network = asked;
  PLIMSOLL_TRY(save(state));
  NetworkState& added = networks_[asked.id] = std::move(state);
  const Result<int> made = ensure_bridge(added);
  if (!made) {
    const Result<> undone = remove_bridge(added);
    if (!undone) log::warn("network: " + undone.error().message());
    if (undone) PLIMSOLL_TRY(network_files_.remove(asked.id));
    networks_.erase(asked.id);
    return std::unexpected(model::Refusal(made.error()));
  }
  return asked;
}

Answer<Network> Manager::remove(std::string_view reference) {
  const std::lock_guard lock(mutex_);
  const NetworkState* found = PLIMSOLL_TRY(look_up(reference));
  Network network = found->record.network;
  if (is_predefined(network.name))
    return refuse(Refused::kForbidden,
                  network.name + " is a pre-defined network and cannot be removed");
  for (const auto& [id, container] : containers_)
    for (const EndpointRecord& record : container.record.endpoints)
      if (record.endpoint.network_id == network.id)
        return refuse(Refused::kForbidden, "error while removing network: network " + network.name +
                                               " id " + network.id + " has active endpoints");
  NetworkState& state = networks_[network.id];
  state.record.removed = true;
  PLIMSOLL_TRY(save(state));
  PLIMSOLL_TRY(remove_bridge(state));
  PLIMSOLL_TRY(network_files_.remove(network.id));
  const bool had_rules = state.ready;
  networks_.erase(network.id);
  if (had_rules) PLIMSOLL_TRY(write_table());
  return network;
}

Result<int> Manager::ensure_bridge(NetworkState& state) {
  const Network& network = state.record.network;
  RouteSocket* socket = PLIMSOLL_TRY(route());
  const int known = state.ready ? PLIMSOLL_TRY(socket->index_of(network.bridge)) : 0;
  if (known != 0) return known;
  Bridge bridge{.name = network.bridge};
  const auto mtu = network.options.find("com.docker.network.driver.mtu");
  if (mtu != network.options.end()) bridge.mtu = to_number<int>(mtu->second).value_or(0);
  for (const IpamConfig& ipam : network.ipam) {
    const auto subnet = parse_subnet(ipam.subnet);
    const auto gateway = parse_address(ipam.gateway);
    if (subnet && gateway)
      bridge.addresses.push_back({.address = *gateway, .prefix = subnet->prefix});
  }
  const int index = PLIMSOLL_TRY(make_bridge(*socket, bridge));
  PLIMSOLL_TRY(let_route(options_.proc, network));
  state.ready = true;
  PLIMSOLL_TRY(write_table());
  return index;
}

Result<> Manager::remove_bridge(const NetworkState& state) {
  RouteSocket* socket = PLIMSOLL_TRY(route());
  return remove_link(*socket, state.record.network.bridge);
}

Result<> Manager::load_network(const std::string& text) {
  NetworkState state;
  state.record = PLIMSOLL_TRY(decode_network(text));
  state.pools = pools_of(state.record.network);
  networks_[state.record.network.id] = std::move(state);
  return {};
}

Result<> Manager::ensure_predefined() {
  for (const auto& [name, driver] : kPredefined) {
    const bool there = std::ranges::any_of(
        networks_, [&](const auto& pair) { return pair.second.record.network.name == name; });
    if (there) continue;
    NetworkState state;
    state.record.network = {.id = random_id(), .name = name, .driver = driver, .created = now()};
    const std::string id = state.record.network.id;
    if (state.is_bridge()) {
      networks_[id] = std::move(state);
      continue;  // Written with its subnet.
    }
    PLIMSOLL_TRY(save(state));
    networks_[id] = std::move(state);
  }
  return ensure_default_bridge();
}

// What is asked for, else what it has, else the first that hides nothing of this host.
std::string Manager::default_subnet(const Network& network) {
  std::vector<Subnet> routed;
  if (const auto socket = route())
    if (const auto index = (*socket)->index_of(options_.bridge))
      routed = routed_subnets(**socket, *index).value_or(routed);
  std::string chosen = options_.subnet;
  for (const IpamConfig& ipam : network.ipam) {
    const auto subnet = parse_subnet(ipam.subnet);
    if (chosen.empty() && subnet && subnet->base.family == Family::kV4) chosen = ipam.subnet;
  }
  if (chosen.empty()) {
    std::vector<Subnet> taken = own_subnets();
    taken.insert(taken.end(), routed.begin(), routed.end());
    const Subnet usual = parse_subnet(kUsualSubnet).value_or(Subnet{});
    const bool is_free =
        std::ranges::none_of(taken, [&](const Subnet& other) { return overlap(usual, other); });
    chosen = to_text(is_free ? usual : free_subnet(taken).value_or(usual));
    log::info("network: the default network has " + chosen);
  }
  const Subnet subnet = parse_subnet(chosen).value_or(Subnet{});
  for (const Subnet& other : routed)
    if (overlap(subnet, other))
      log::warn("network: the default network's " + chosen + " overlaps " + to_text(other) +
                ", to which this host has a route: what lies there is out of reach where "
                "containers run; --containers.subnet moves the network");
  return chosen;
}

// As the options of this start want it, unless containers live on it as it was.
Result<> Manager::ensure_default_bridge() {
  const auto found = std::ranges::find_if(
      networks_, [](const auto& pair) { return pair.second.record.network.name == "bridge"; });
  NetworkState& state = found->second;
  Network& network = state.record.network;
  std::vector<IpamConfig> wanted;
  for (const std::string& text : {default_subnet(network), options_.subnet6}) {
    if (text.empty()) continue;
    const auto subnet = parse_subnet(text);
    if (!subnet) return invalid_input("network", "no subnet: " + text);
    wanted.push_back({.subnet = to_text(*subnet), .gateway = to_text(gateway_of(*subnet))});
  }
  const auto same = [](const IpamConfig& a, const IpamConfig& b) { return a.subnet == b.subnet; };
  if (network.bridge == options_.bridge && std::ranges::equal(network.ipam, wanted, same))
    return {};
  const bool used = std::ranges::any_of(containers_, [&](const auto& pair) {
    return std::ranges::any_of(pair.second.record.endpoints, [&](const EndpointRecord& record) {
      return record.endpoint.network_id == network.id;
    });
  });
  if (used) {
    log::warn("network: containers use the default bridge as it was: its new subnet waits");
    return {};
  }
  network.bridge = options_.bridge;
  network.ipv6 = !options_.subnet6.empty();
  network.ipam = std::move(wanted);
  network.options = {{"com.docker.network.bridge.default_bridge", "true"},
                     {"com.docker.network.bridge.enable_icc", "true"},
                     {"com.docker.network.bridge.enable_ip_masquerade", "true"},
                     {"com.docker.network.bridge.host_binding_ipv4", "0.0.0.0"},
                     {"com.docker.network.bridge.name", options_.bridge},
                     {"com.docker.network.driver.mtu", "1500"}};
  state.pools = pools_of(network);
  return save(state);
}

}  // namespace plimsoll::net
