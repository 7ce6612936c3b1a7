#include "cgroupfs/tree/registry.h"

#include <algorithm>
#include <utility>

namespace plimsoll::cgroupfs {

Node* Registry::find(std::string_view path) const {
  const auto found = nodes_.find(path);
  return found == nodes_.end() ? nullptr : found->second.get();
}

std::vector<Node*> Registry::subtree(std::string_view path) const {
  std::vector<Node*> nodes;
  if (Node* top = find(path)) nodes.push_back(top);
  // "/a.b" sorts between "/a" and "/a/b", hence two steps.
  const std::string prefix = path == "/" ? "/" : std::string(path) + "/";
  for (auto it = nodes_.upper_bound(prefix); it != nodes_.end() && it->first.starts_with(prefix);
       ++it)
    nodes.push_back(it->second.get());
  return nodes;
}

void Registry::touch(Node& node) {
  if (!std::exchange(node.touched, true)) touched_.push_back(&node);
}

Node& Registry::add(std::string path, WallTime born) {
  auto group = std::make_unique<Cgroup>();
  group->serial = ++last_serial_;
  group->path = std::move(path);
  group->created = born;
  const std::string_view key = group->path;  // Lives as long as the node.
  auto node = std::make_unique<Node>(std::move(group));
  touch(*node);
  return *nodes_.emplace(key, std::move(node)).first->second;
}

void Registry::join(Node& node, std::size_t hierarchy, std::uint64_t inode, WallTime born) {
  node.group->inode[hierarchy] = inode;
  ++node.group->revision;
  node.group->created = std::min(node.group->created, born);
  node.changed = true;
  touch(node);
}

void Registry::leave(Node& node, std::size_t hierarchy) {
  node.group->inode[hierarchy] = 0;
  ++node.group->revision;
  node.changed = true;
  touch(node);
  if (std::ranges::any_of(node.group->inode, [](std::uint64_t inode) { return inode != 0; }))
    return;
  node.retired = true;
  auto handle = nodes_.extract(std::string_view(node.group->path));
  retired_.push_back(std::move(handle.mapped()));
}

void Registry::mark_written(Node& node) {
  node.written = true;
  touch(node);
}

TreeChanges Registry::take_changes() {
  TreeChanges changes;
  for (Node* node : touched_) {
    node->touched = false;
    const bool changed = std::exchange(node->changed, false);
    const bool written = std::exchange(node->written, false);
    if (node->retired) {
      if (node->reported) changes.removed.push_back(std::move(node->group));
      continue;
    }
    if (!std::exchange(node->reported, true)) {
      changes.added.push_back(node->group.get());
      continue;
    }
    if (changed) changes.changed.push_back(node->group.get());
    if (written) changes.written.push_back(node->group.get());
  }
  touched_.clear();
  retired_.clear();
  return changes;
}

}  // namespace plimsoll::cgroupfs
