// Which cgroups are known, in which hierarchies, and what changed since the last report. No I/O:
// the walker (kernel_tree.cc) tells it what it saw.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/tree/tree.h"

namespace plimsoll::cgroupfs {

inline constexpr int kNoWatch = -1;

struct Node {
  explicit Node(std::unique_ptr<Cgroup> cgroup) : group(std::move(cgroup)) { watch.fill(kNoWatch); }

  std::unique_ptr<Cgroup> group;             // Null once given to the owner as removed.
  std::array<int, kMaxHierarchies> watch{};  // kNoWatch: none.
  std::bitset<kMaxHierarchies> seen;         // By the walk in progress.
  bool reported = false;                     // The owner knows it.
  bool retired = false;                      // No longer in the tree; kept until the next report.
  bool touched = false;                      // Is in Registry::touched_.
  bool changed = false;
  bool written = false;
};

class Registry {
 public:
  [[nodiscard]] Node* find(std::string_view path) const;
  // The group and all below it that are known, parents before children.
  [[nodiscard]] std::vector<Node*> subtree(std::string_view path) const;
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // Not for growing or shrinking the tree meanwhile.
  [[nodiscard]] const auto& nodes() const { return nodes_; }

  // The path must not be known.
  [[nodiscard]] Node& add(std::string path, WallTime born);
  void join(Node& node, std::size_t hierarchy, std::uint64_t inode, WallTime born);
  // A group that is left in no hierarchy is removed from the tree; the reference stays good until
  // take_changes().
  void leave(Node& node, std::size_t hierarchy);
  void mark_written(Node& node);

  // What happened since the last call; groups that came and went in between are not mentioned.
  [[nodiscard]] TreeChanges take_changes();

 private:
  void touch(Node& node);

  // Keys are the groups' own paths. Sorted, so that a subtree is (nearly) one range.
  std::map<std::string_view, std::unique_ptr<Node>> nodes_;
  std::vector<Node*> touched_;
  std::vector<std::unique_ptr<Node>> retired_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace plimsoll::cgroupfs
