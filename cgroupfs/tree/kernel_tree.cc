#include "cgroupfs/tree/kernel_tree.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "cgroupfs/tree/group_path.h"

namespace plimsoll::cgroupfs {
namespace {

// Moving a process is no change of a setting, and runtimes do it for every exec.
bool moves_processes(std::string_view file) {
  return file == "cgroup.procs" || file == "tasks" || file == "cgroup.threads" ||
         file == "cgroup.event_control";
}

}  // namespace

KernelTree::KernelTree(const Layout& layout, const Clock& clock, const TreeOptions& options)
    : layout_(layout), clock_(clock), options_(options), watches_(options.max_watches) {
  const MonoTime now = clock_.now();
  const std::size_t count = layout_.hierarchies.size();
  for (std::size_t h = 0; h < count; ++h) {
    links_[h] = links_of(root(h));
    // One hierarchy after the other rather than all in the same tick.
    next_walk_[h] = now + options_.rescan_interval / count * (h + 1);
  }
}

TreeChanges KernelTree::update() {
  std::vector<Place> hints;
  watches_.drain([&](const Notification& notification) { note(notification, hints); });
  if (!hints.empty()) settle(std::move(hints));
  const bool lost = std::exchange(overflowed_, false);
  const Hierarchies now_due = lost ? all() : due(clock_.now());
  if (now_due.any()) walk(now_due);
  if (lost)  // Any group's control file may have been written as well.
    for (const auto& [path, node] : registry_.nodes()) registry_.mark_written(*node);
  return registry_.take_changes();
}

TreeStats KernelTree::stats() const {
  TreeStats stats;
  stats.cgroups = registry_.size();
  stats.watches = watches_.count();
  stats.watches_refused = std::reduce(unwatched_.begin(), unwatched_.end());
  stats.rescans = walks_;
  stats.overflows = overflows_;
  stats.skipped = std::reduce(skipped_.begin(), skipped_.end());
  stats.unreadable = unreadable_;
  return stats;
}

void KernelTree::note(const Notification& notification, std::vector<Place>& hints) {
  if ((notification.mask & IN_Q_OVERFLOW) != 0) {
    ++overflows_;
    overflowed_ = true;
    return;
  }
  const auto owner = watches_.owner_of(notification.watch);
  if (!owner) return;  // Left over from a directory that is already out of the tree.
  Node& node = *owner->node;
  const std::string& path = node.group->path;
  if ((notification.mask & IN_IGNORED) != 0) {
    watches_.forget(notification.watch);
    node.watch[owner->hierarchy] = kNoWatch;
    ++unwatched_[owner->hierarchy];
    add_hint(path, owner->hierarchy, hints);
  } else if (notification.name.empty()) {
    add_hint(path, owner->hierarchy, hints);
  } else if ((notification.mask & IN_ISDIR) != 0) {
    add_hint(child_path(path, notification.name), owner->hierarchy, hints);
  } else if ((notification.mask & IN_MODIFY) != 0 && !moves_processes(notification.name)) {
    registry_.mark_written(node);
  }
}

// A path that appears in one hierarchy is looked for in those that cannot tell by themselves.
void KernelTree::add_hint(std::string path, std::size_t hierarchy,
                          std::vector<Place>& hints) const {
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h)
    if (h != hierarchy && unwatched_[h] != 0) hints.push_back({path, h});
  hints.push_back({std::move(path), hierarchy});
}

// All that is gone leaves before anything joins: a group removed and made again since the last
// update has then lost its last place, and its successor is a new group.
void KernelTree::settle(std::vector<Place> hints) {
  std::ranges::sort(hints, {}, [](const Place& p) { return std::tie(p.hierarchy, p.path); });
  hints.erase(std::unique(hints.begin(), hints.end()), hints.end());
  for (Place& hint : hints) hint.settled = settled_where_known(hint);
  for (const Place& hint : hints)
    if (!hint.settled) visit_place(hint);
}

bool KernelTree::settled_where_known(const Place& hint) {
  Node* node = registry_.find(hint.path);
  if (node == nullptr || !node->group->in(hint.hierarchy)) return false;
  const auto facts = look_at(root(hint.hierarchy), relative(hint.path).c_str());
  if (!facts && !is_gone(facts.error())) return true;  // Not known to be gone; a walk asks again.
  if (facts && facts->inode == node->group->inode[hint.hierarchy])
    return !watch_again(*node, hint.hierarchy);
  leave_subtree(hint.path, hint.hierarchy);
  return !facts;
}

// From the topmost ancestor that is not known yet: a group admitted without its parent would stay
// when the parent goes, for nobody tells of what is below a directory that is not watched.
void KernelTree::visit_place(Place place) {
  while (place.path != "/") {
    std::string above = parent_path(place.path);
    const Node* parent = registry_.find(above);
    if (parent != nullptr && parent->group->in(place.hierarchy)) break;
    place.path = std::move(above);
  }
  visit(root(place.hierarchy), relative(place.path), place, nullptr);
}

Result<std::unique_ptr<CgroupTree>> CgroupTree::create(const Layout& layout, const Clock& clock,
                                                       TreeOptions options) {
  if (layout.hierarchies.empty())
    return failure(ErrorKind::kNotOffered, "walk", "no cgroup hierarchy to walk");
  for (const Hierarchy& hierarchy : layout.hierarchies)
    PLIMSOLL_TRY(in("cgroup root " + hierarchy.mount_path, look_at(hierarchy.dir, ".")));
  auto tree = std::make_unique<KernelTree>(layout, clock, options);
  tree->walk(KernelTree::Hierarchies().set());
  return tree;
}

}  // namespace plimsoll::cgroupfs
