#include "runtime/net/manager.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "runtime/net/netns.h"

namespace plimsoll::net {

namespace {

std::vector<std::string> links_of(const std::vector<EndpointRecord>& endpoints) {
  std::vector<std::string> links;
  links.reserve(endpoints.size());
  for (const EndpointRecord& record : endpoints)
    if (!record.link.empty()) links.push_back(record.link);
  return links;
}

// Ids are names of files.
Result<> check_container(const std::string& id) {
  const bool clean =
      !id.empty() && id.size() <= 128 && id.front() != '.' && std::ranges::all_of(id, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
      });
  if (!clean) return invalid_input("network", "no id of a container: " + id);
  return {};
}

}  // namespace

std::string random_id() {
  static constexpr char kLetters[] = "0123456789abcdef";
  std::array<unsigned char, 32> bytes{};
  // Never short for so few, once the kernel has its first randomness.
  PLIMSOLL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kLetters[byte >> 4];
    id += kLetters[byte & 15];
  }
  return id;
}

Result<std::unique_ptr<Networks>> Networks::open(Options options) {
  Files networks = PLIMSOLL_TRY(Files::open(options.state_dir + "/networks", Lasting::kMachine));
  Files containers = PLIMSOLL_TRY(Files::open(options.run_dir + "/net", Lasting::kProcess));
  PLIMSOLL_TRY(make_directory(options.run_dir + "/netns"));
  auto manager =
      std::make_unique<Manager>(std::move(options), std::move(networks), std::move(containers));
  PLIMSOLL_TRY(manager->load());
  return manager;
}

Manager::Manager(Options options, Files networks, Files containers)
    : options_(std::move(options)),
      network_files_(std::move(networks)),
      container_files_(std::move(containers)),
      reaper_(std::make_unique<Reaper>()) {}

Manager::~Manager() = default;

std::string Manager::netns_path(const std::string& container) const {
  return options_.run_dir + "/netns/" + container;
}

Result<RouteSocket*> Manager::route() {
  if (!route_) route_ = PLIMSOLL_TRY(RouteSocket::open());
  return &*route_;
}

// Opened when first needed: it takes some milliseconds, and rights.
Result<Nft*> Manager::nft() {
  if (!nft_) nft_ = PLIMSOLL_TRY(Nft::open());
  return &*nft_;
}

Result<> Manager::save(const NetworkState& state) const {
  return network_files_.write(state.record.network.id, encode(state.record));
}

Result<> Manager::save(const ContainerState& state) const {
  return container_files_.write(state.record.container, encode(state.record));
}

Result<> Manager::write_table() {
  std::vector<BridgeRule> bridges;
  for (const auto& [id, state] : networks_) {
    const Network& network = state.record.network;
    if (!state.is_bridge() || !state.ready) continue;
    bridges.push_back(
        {.name = network.bridge,
         .subnets = subnets_of(network),
         .internal = network.internal,
         .masquerade = !option_is_off(network, "com.docker.network.bridge.enable_ip_masquerade")});
  }
  std::vector<PortRule> ports;
  for (const auto& [id, container] : containers_)
    for (const HeldPort& held : container.held) ports.push_back(held.rule);
  Nft* rules = PLIMSOLL_TRY(nft());
  return rules->run(table_text(options_.table, bridges, ports));
}

Result<> Manager::write_ports(const std::vector<PortRule>& added) {
  if (added.empty()) return {};
  Nft* rules = PLIMSOLL_TRY(nft());
  if (rules->run(add_ports_text(options_.table, added))) return {};
  // Somebody has flushed the host's rules, ours with them: all of them again. What was to be added
  // stands in no container yet.
  PLIMSOLL_TRY(write_table());
  return rules->run(add_ports_text(options_.table, added));
}

void Manager::drop_ports(const std::vector<PortRule>& rules) {
  if (rules.empty()) return;
  const auto context = nft();
  const Result<> dropped = context ? (*context)->run(delete_ports_text(options_.table, rules))
                                   : Result<>(std::unexpect, context.error());
  if (dropped) return;
  // Not all were there, so none was deleted.
  const Result<> written = write_table();
  if (!written) log::warn("network: " + written.error().message());
}

Result<std::string> Manager::make_namespace(const std::string& container) {
  PLIMSOLL_TRY(check_container(container));
  std::string path = netns_path(container);
  {
    const std::lock_guard lock(mutex_);
    ContainerState& state = containers_[container];
    if (state.record.container.empty()) {
      state.record.container = container;
      PLIMSOLL_TRY(save(state));
    }
  }
  // Without the lock: namespaces of several containers may be made at once.
  PLIMSOLL_TRY(make_netns({.proc = options_.proc, .path = path}));
  return path;
}

Result<> Manager::release(const std::string& container) {
  const std::lock_guard lock(mutex_);
  const auto found = containers_.find(container);
  if (found == containers_.end()) return remove_netns(netns_path(container));
  ContainerState& state = found->second;
  std::vector<PortRule> rules;
  rules.reserve(state.held.size());
  for (const HeldPort& held : state.held) rules.push_back(held.rule);
  state.held.clear();
  drop_ports(rules);
  forget_names(state.record);
  if (resolver_) resolver_->stop(container);
  PLIMSOLL_TRY(remove_netns(netns_path(container)));
  std::vector<std::string> links = links_of(state.record.endpoints);
  for (const EndpointRecord& record : state.record.endpoints) give_back(record.endpoint);
  if (links.empty()) {
    PLIMSOLL_TRY(container_files_.remove(container));
  } else {
    // Under another name, since the container may be started again before its links are gone.
    const std::string ended = container + "~" + links.front();
    PLIMSOLL_TRY(container_files_.rename(container, ended));
    reaper_->remove(std::move(links), [this, ended] {
      const Result<> forgotten = container_files_.remove(ended);
      if (!forgotten) log::warn("network: " + forgotten.error().message());
    });
  }
  containers_.erase(found);
  return {};
}

}  // namespace plimsoll::net
