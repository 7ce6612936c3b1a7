#include "exporter/collect/topology.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/read_file.h"
#include "base/text.h"
#include "exporter/collect/machine_parse.h"
#include "exporter/collect/sysfs_text.h"

namespace plimsoll::exporter {

namespace {

using Cpus = std::vector<std::uint32_t>;

Cpus cpus_of(const DirFd& sys, const std::string& file) {
  return parse_cpu_list(line_of(sys, file)).value_or(Cpus());
}

// A cache as one CPU sees it, with who else does.
struct SharedCache {
  Topology::Cache cache;
  Cpus cpus;
};

std::vector<SharedCache> caches_of_cpu(const DirFd& sys, std::uint32_t cpu) {
  std::vector<SharedCache> caches;
  const std::string base = "devices/system/cpu/cpu" + std::to_string(cpu) + "/cache";
  for (const std::string& index : names_in(sys, base, "index")) {
    const std::string dir = base + "/" + index + "/";
    SharedCache shared;
    shared.cache.level = number_of<std::uint32_t>(sys, dir + "level").value_or(0);
    shared.cache.type = line_of(sys, dir + "type");
    shared.cache.bytes = cache_bytes(line_of(sys, dir + "size"));
    shared.cpus = cpus_of(sys, dir + "shared_cpu_list");
    if (shared.cache.level != 0 && shared.cache.bytes != 0) caches.push_back(std::move(shared));
  }
  return caches;
}

bool covers(const Cpus& cpus, const Cpus& all) {
  return std::ranges::includes(cpus, all);
}

void add_caches(Topology::Node& node, const DirFd& sys, const Cpus& node_cpus) {
  std::set<std::tuple<std::uint32_t, std::string, Cpus>> of_node;
  for (Topology::Core& core : node.cores)
    // The first thread stands for the core: a core's threads share all its caches.
    for (SharedCache& shared : caches_of_cpu(sys, core.threads.front())) {
      const bool whole = node.cores.size() > 1 && covers(shared.cpus, node_cpus);
      // Level 3 belongs to the node also where a node has only one core.
      if (!whole && !(node.cores.size() == 1 && shared.cache.level > 2)) {
        core.caches.push_back(std::move(shared.cache));
      } else if (of_node.emplace(shared.cache.level, shared.cache.type, shared.cpus).second) {
        node.caches.push_back(std::move(shared.cache));
      }
    }
}

void add_cores(Topology::Node& node, const DirFd& sys, const Cpus& cpus) {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, Cpus> cores;
  for (const std::uint32_t cpu : cpus) {
    const std::string base = "devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const auto number = [&](const char* name) {
      return number_of<std::int64_t>(sys, base + name).value_or(-1);
    };
    const std::int64_t core = number("core_id");
    if (core < 0) continue;  // Offline.
    cores[{number("physical_package_id"), number("die_id"), core}].push_back(cpu);
  }
  std::map<std::int64_t, int> uses;
  for (const auto& [place, threads] : cores) ++uses[std::get<2>(place)];
  for (auto& [place, threads] : cores) {
    Topology::Core core;
    std::tie(core.package, core.die, core.core) = place;
    core.id = std::to_string(core.core);
    if (uses[core.core] > 1) core.id = std::to_string(core.package) + '-' + core.id;
    core.threads = std::move(threads);
    node.cores.push_back(std::move(core));
  }
}

// hugepages-2048kB/nr_hugepages, in a node's directory or in kernel/mm.
std::vector<Topology::HugePages> huge_pages_in(const DirFd& sys, const std::string& dir) {
  std::vector<Topology::HugePages> pages;
  for (const std::string& name : names_in(sys, dir, "hugepages-")) {
    std::string_view size = std::string_view(name).substr(std::string_view("hugepages-").size());
    if (!size.ends_with("kB")) continue;
    size.remove_suffix(2);
    const auto kib = to_number<std::uint64_t>(size);
    const auto count = number_of(sys, dir + "/" + name + "/nr_hugepages");
    if (kib && count) pages.push_back({*kib, *count});
  }
  std::ranges::sort(pages, {}, &Topology::HugePages::page_kib);
  return pages;
}

// "Node 0 MemTotal:       24682416 kB"
std::uint64_t node_memory(const DirFd& sys, const std::string& dir) {
  const Result<std::string> text = read_file_at(sys, (dir + "/meminfo").c_str());
  if (!text) return 0;
  std::string_view rest = *text;
  std::string_view line;
  while (next_line(rest, line)) {
    const std::size_t key = line.find("MemTotal:");
    if (key == std::string_view::npos) continue;
    const auto parsed = parse_meminfo(line.substr(key));
    return parsed ? parsed->total_bytes.value_or(0) : 0;
  }
  return 0;
}

// "10 21": to node 0, to node 1, in the order of the nodes that are online.
std::vector<Topology::Distance> distances_of(const DirFd& sys, const std::string& dir,
                                             const std::vector<std::uint32_t>& nodes) {
  std::vector<Topology::Distance> distances;
  const std::string line = line_of(sys, dir + "/distance");
  std::string_view rest = line;
  std::string_view word;
  for (std::size_t i = 0; i < nodes.size() && next_word(rest, word); ++i)
    if (const auto distance = to_number<std::uint64_t>(word))
      distances.push_back({nodes[i], *distance});
  return distances;
}

}  // namespace

std::uint64_t cache_bytes(std::string_view text) {
  std::uint64_t factor = 1;
  if (text.ends_with('K')) factor = std::uint64_t{1} << 10U;
  if (text.ends_with('M')) factor = std::uint64_t{1} << 20U;
  if (text.ends_with('G')) factor = std::uint64_t{1} << 30U;
  if (factor != 1) text.remove_suffix(1);
  const auto value = to_number<std::uint64_t>(text);
  return value && *value <= UINT64_MAX / factor ? *value * factor : 0;
}

Topology read_topology(const DirFd& sys, std::uint64_t memory_bytes) {
  Topology topology;
  const std::string base = "devices/system/node";
  std::vector<std::uint32_t> ids;
  for (const std::string& name : names_in(sys, base, "node"))
    if (const auto id = number_after("node", name)) ids.push_back(*id);
  std::ranges::sort(ids);
  for (const std::uint32_t id : ids) {
    const std::string dir = base + "/node" + std::to_string(id);
    Topology::Node node;
    node.id = id;
    node.memory_bytes = node_memory(sys, dir);
    node.huge_pages = huge_pages_in(sys, dir + "/hugepages");
    node.distances = distances_of(sys, dir, ids);
    const Cpus cpus = cpus_of(sys, dir + "/cpulist");
    add_cores(node, sys, cpus);
    add_caches(node, sys, cpus);
    topology.nodes.push_back(std::move(node));
  }
  if (!topology.nodes.empty()) return topology;
  Topology::Node node;  // A kernel without CONFIG_NUMA.
  node.memory_bytes = memory_bytes;
  node.huge_pages = huge_pages_in(sys, "kernel/mm/hugepages");
  const Cpus cpus = cpus_of(sys, "devices/system/cpu/online");
  add_cores(node, sys, cpus);
  add_caches(node, sys, cpus);
  topology.nodes.push_back(std::move(node));
  return topology;
}

}  // namespace plimsoll::exporter
