// Nodes, cores, caches, huge pages: the machine's shape as SYS/devices/system says it. Read rarely.
// Source: Documentation/admin-guide/cputopology.rst, ABI/stable/sysfs-devices-node,
// ABI/testing/sysfs-devices-system-cpu.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"

namespace plimsoll::exporter {

struct Topology {
  struct Cache {
    std::uint32_t level = 0;
    std::string type;  // "Data", "Instruction", "Unified"
    std::uint64_t bytes = 0;
    bool operator==(const Cache&) const = default;
  };
  struct Core {
    std::string id;  // The kernel's core_id; "PACKAGE-ID" where a node has two of the same number.
    std::int64_t package = -1, die = -1, core = -1;
    std::vector<std::uint32_t> threads;  // Logical CPUs, ascending.
    // Its own ones, and those it shares with some but not all cores of the node.
    std::vector<Cache> caches;
  };
  struct HugePages {
    std::uint64_t page_kib = 0;
    std::uint64_t count = 0;  // Reserved, free or not.
  };
  struct Distance {
    std::uint32_t node = 0;
    std::uint64_t distance = 0;  // 10 is the node itself.
  };
  struct Node {
    std::uint32_t id = 0;
    std::uint64_t memory_bytes = 0;
    std::vector<HugePages> huge_pages;
    std::vector<Distance> distances;
    std::vector<Core> cores;
    std::vector<Cache> caches;  // Shared by all cores of the node.
  };
  std::vector<Node> nodes;
};

// `memory_bytes` is what a machine without NUMA nodes in sysfs has as its node 0. Unreadable facts
// are left out.
[[nodiscard]] Topology read_topology(const DirFd& sys, std::uint64_t memory_bytes);

// A size as sysfs prints it: "32K", "8M", "512". Nothing for other text.
[[nodiscard]] std::uint64_t cache_bytes(std::string_view text);

}  // namespace plimsoll::exporter
