#include "runtime/engine/kernel_sight_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/files.h"
#include "runtime/net/nft.h"

namespace plimsoll::engine {
namespace {

constexpr std::size_t kIdLength = 64;

// The first container's id in a line, "" if there is none.
std::string id_in(std::string_view line) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    length = std::string_view("0123456789abcdef").find(line[at]) == line.npos ? 0 : length + 1;
    if (length == kIdLength) return std::string(line.substr(at + 1 - kIdLength, kIdLength));
  }
  return {};
}

// A group's name: the engine's own, or systemd's scope.
bool is_container(const std::string& name) {
  const std::string id = id_in(name);
  return !id.empty() && (name == id || name == "plimsoll-" + id + ".scope");
}

void add_links(Things& things) {
  std::ifstream devices("/proc/self/net/dev");
  for (std::string line; std::getline(devices, line);) {
    const std::size_t colon = line.find(':');
    const std::string name(trim(std::string_view(line).substr(0, colon)));
    if (colon != std::string::npos && name != "lo") things.insert("link " + name);
  }
}

// "elements = { a : b, c : d }" of each of the maps.
void add_ports(Things& things, const std::string& table) {
  auto nft = net::Nft::open();
  if (!nft) {
    ADD_FAILURE() << nft.error().message();
    return;
  }
  for (const char* map : {"any4", "at4", "any6", "at6"}) {
    const auto text = nft->ask("list map inet " + table + " " + map);
    // No table: no bridge.
    if (!text) continue;
    constexpr std::string_view kElements = "elements = {";
    const std::size_t from = text->find(kElements);
    if (from == std::string::npos) continue;
    const std::size_t begin = from + kElements.size();
    std::string_view rest = std::string_view(*text).substr(begin, text->find('}', begin) - begin);
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      things.insert(std::string("port ") + map + " " + std::string(trim(rest.substr(0, comma))));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

void add_groups(Things& things, const std::string& parent) {
  std::vector<std::string> hierarchies = names_in("/sys/fs/cgroup");
  hierarchies.emplace_back(".");
  for (const std::string& hierarchy : hierarchies)
    for (const std::string& name : names_in("/sys/fs/cgroup/" + hierarchy + parent))
      if (is_container(name)) things.insert("group " + hierarchy + " " + name);
}

void add_processes(Things& things, const Sight& sight) {
  for (const std::string& name : names_in("/proc")) {
    if (!to_number<int>(name)) continue;
    const auto groups = read_text("/proc/" + name + "/cgroup");
    std::string_view rest = groups ? std::string_view(*groups) : std::string_view();
    for (std::string_view line; next_line(rest, line);)
      if (line.find(sight.groups + "/") != line.npos) things.insert("process " + id_in(line));
    const auto words = read_text("/proc/" + name + "/cmdline");
    if (words && words->find("plimsoll-shim") != std::string::npos &&
        words->find(sight.run_dir + "/engine/") != std::string::npos)
      things.insert("keeper " + id_in(*words));
  }
}

void add_mounts(Things& things, const Sight& sight) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.find(" " + sight.state_dir + "/") != std::string::npos ||
        line.find(" " + sight.run_dir + "/") != std::string::npos)
      things.insert("mount " + id_in(line));
}

// As the kernel prints an element.
std::string element_of(const net::Published& port, const std::string& address) {
  const bool any = port.host_ip == "0.0.0.0" || port.host_ip == "::";
  const bool v6 = port.host_ip.find(':') != std::string::npos;
  std::string text = std::string("port ") + (any ? "any" : "at") + (v6 ? "6 " : "4 ");
  if (!any) text += port.host_ip + " . ";
  return text + port.protocol + " . " + std::to_string(port.host_port) + " : " + address + " . " +
         std::to_string(port.container_port);
}

bool is_exact(const std::string& thing) {
  return thing.starts_with("link ") || thing.starts_with("port ") || thing.starts_with("netns ");
}

}  // namespace

Things things_there(const Sight& sight) {
  Things things;
  add_links(things);
  add_ports(things, sight.table);
  add_groups(things, sight.groups);
  add_processes(things, sight);
  add_mounts(things, sight);
  for (const std::string& name : names_in(sight.run_dir + "/net/netns"))
    things.insert("netns " + name);
  for (const std::string& name : names_in(sight.run_dir + "/engine")) things.insert("run " + name);
  for (const std::string& name : names_in(sight.run_dir + "/oci")) things.insert("record " + name);
  return things;
}

Owned owned_by(Engine& engine) {
  Owned owned;
  const net::Networks& networks = engine.networks();
  for (const net::Network& network : networks.list())
    if (network.driver == "bridge")
      (network.name == "bridge" ? owned.maybe : owned.exactly).insert("link " + network.bridge);
  for (const ContainerPtr& container : engine.containers()) {
    if (container->state.status != Status::kRunning && container->state.status != Status::kPaused)
      continue;
    owned.ids.insert(container->id);
    owned.exactly.insert("netns " + container->id);
    const auto endpoints = networks.endpoints_of(container->id);
    for (const net::Endpoint& endpoint : endpoints)
      owned.exactly.insert("link plv" + endpoint.endpoint_id.substr(0, 12));
    if (endpoints.empty()) continue;
    for (const net::Published& port : networks.published(container->id))
      owned.exactly.insert(element_of(port, endpoints.front().address));
  }
  return owned;
}

std::vector<std::string> differences(const Sight& sight, Engine& engine) {
  const Owned owned = owned_by(engine);
  const Things there = things_there(sight);
  std::vector<std::string> all;
  for (const std::string& thing : there) {
    const std::string id = id_in(thing);
    if (owned.maybe.contains(thing)) continue;
    if (is_exact(thing) ? !owned.exactly.contains(thing) : !owned.ids.contains(id))
      all.push_back("nobody's: " + thing);
  }
  for (const std::string& thing : owned.exactly)
    if (!there.contains(thing)) all.push_back("missing: " + thing);
  for (const std::string& id : owned.ids)
    for (const char* kind : {"process ", "keeper ", "mount ", "run ", "record "})
      if (!there.contains(kind + id)) all.push_back("missing: " + (kind + id));
  return all;
}

}  // namespace plimsoll::engine
