// After a start: what was written down is compared with what runs, and with the kernel.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "runtime/net/manager.h"
#include "runtime/net/netns.h"
#include "runtime/state/entries.h"

namespace plimsoll::net {

namespace {

// Of a container that was released and whose links were still to be removed.
bool is_ended(const std::string& name) {
  return name.find('~') != std::string::npos;
}

}  // namespace

Result<> Manager::load() {
  const std::lock_guard lock(mutex_);
  const Files::Loaded networks = PLIMSOLL_TRY(network_files_.load());
  for (const auto& [name, text] : networks.records)
    PLIMSOLL_TRY(in("network " + name, load_network(text)));
  const Files::Loaded containers = PLIMSOLL_TRY(container_files_.load());
  for (const auto& [name, text] : containers.records) {
    ContainerState state;
    state.record = PLIMSOLL_TRY(in("container " + name, decode_container(text)));
    if (!is_ended(name)) take_again(state);
    // Under the name of its file: what has ended is told apart by it until restore().
    containers_[name] = std::move(state);
  }
  for (const std::vector<std::string>& damaged : {networks.damaged, containers.damaged})
    for (const std::string& why : damaged) log::error("network: a record is not used: " + why);
  return ensure_predefined();
}

// Its addresses are nobody else's.
void Manager::take_again(const ContainerState& state) {
  for (const EndpointRecord& record : state.record.endpoints) {
    const auto network = networks_.find(record.endpoint.network_id);
    if (network == networks_.end()) continue;
    for (const std::string& text : {record.endpoint.address, record.endpoint.address6})
      if (const auto address = parse_address(text))
        for (Pool& pool : network->second.pools)
          if (contains(pool.subnet(), *address)) (void)pool.take(*address);
  }
}

void Manager::hold_again(ContainerState& state) {
  for (const Published& port : state.record.published) {
    const auto host = parse_address(port.host_ip);
    if (!host) continue;
    for (const EndpointRecord& record : state.record.endpoints) {
      const auto network = networks_.find(record.endpoint.network_id);
      if (network == networks_.end() || !network->second.is_bridge() ||
          network->second.record.network.internal)
        continue;
      const Endpoint& endpoint = record.endpoint;
      const auto target =
          parse_address(host->family == Family::kV4 ? endpoint.address : endpoint.address6);
      if (!target) continue;
      Result<Fd> socket = hold_port(port.protocol, *host, port.host_port);
      // Somebody took it while we were away. Packets from outside reach the container all the same.
      if (!socket) log::warn("network: a published port is not ours: " + socket.error().message());
      state.held.push_back({.published = port,
                            .rule = {.protocol = port.protocol,
                                     .host = *host,
                                     .host_port = port.host_port,
                                     .target = *target,
                                     .target_port = port.container_port},
                            .socket = socket ? *std::move(socket) : Fd()});
      break;
    }
  }
}

// Postcondition: neither links, namespace nor record.
Result<> Manager::remove_rest(const std::string& name, const ContainerState& state) {
  for (const EndpointRecord& record : state.record.endpoints) {
    PLIMSOLL_TRY(detach(record));
    if (!is_ended(name)) give_back(record.endpoint);
  }
  if (!is_ended(name)) PLIMSOLL_TRY(remove_netns(netns_path(name)));
  return container_files_.remove(name);
}

// Files that no record speaks of: of a directory somebody else emptied, at worst.
Result<> Manager::sweep_namespaces() const {
  const std::string path = options_.run_dir + "/netns";
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  const DirFd directory(fd);
  for (const std::string& name : PLIMSOLL_TRY(state::entries_of(directory)))
    if (!containers_.contains(name)) PLIMSOLL_TRY(remove_netns(netns_path(name)));
  return {};
}

Result<> Manager::restore(const std::vector<std::string>& running) {
  const std::lock_guard lock(mutex_);
  const std::set<std::string> runs(running.begin(), running.end());
  for (auto entry = containers_.begin(); entry != containers_.end();) {
    if (runs.contains(entry->first)) {
      ++entry;
      continue;
    }
    PLIMSOLL_TRY(remove_rest(entry->first, entry->second));
    entry = containers_.erase(entry);
  }
  PLIMSOLL_TRY(sweep_namespaces());
  for (auto entry = networks_.begin(); entry != networks_.end();) {
    if (!entry->second.record.removed) {
      ++entry;
      continue;
    }
    PLIMSOLL_TRY(remove_bridge(entry->second));
    PLIMSOLL_TRY(network_files_.remove(entry->first));
    entry = networks_.erase(entry);
  }
  for (auto& [id, container] : containers_) {
    hold_again(container);
    remember_names(container.record);
    const bool named = std::ranges::any_of(container.record.endpoints, [this](const auto& record) {
      return has_names(record.endpoint);
    });
    const Result<> served = named ? serve_names_anew(container.record) : Result<>();
    // Its namespace is gone, or its port 53 taken: the others' names are not its fault.
    if (!served) log::error("network: " + id + ": names: " + served.error().message());
  }
  return restore_bridges();
}

// Networks that were made have their bridges again after a reboot; the default one waits for its
// first container, so that a host that never uses it is not made a router.
Result<> Manager::restore_bridges() {
  RouteSocket* socket = PLIMSOLL_TRY(route());
  bool any = false;
  for (auto& [id, state] : networks_) {
    if (!state.is_bridge()) continue;
    const Network& network = state.record.network;
    const int index = PLIMSOLL_TRY(socket->index_of(network.bridge));
    if (index == 0 && network.name == "bridge") continue;
    const Result<int> made = ensure_bridge(state);
    if (!made) return in("network " + network.name, Result<>(std::unexpect, made.error()));
    any = true;
  }
  if (any) return {};
  // Rules that an earlier life left, if there are any.
  const auto context = nft();
  const Result<> gone = context ? (*context)->run(no_table_text(options_.table))
                                : Result<>(std::unexpect, context.error());
  // No rights for that is no fault where no network was ever made.
  if (!gone) log::debug("network: " + gone.error().message());
  return {};
}

}  // namespace plimsoll::net
