#include "cgroupfs/tree/kernel_tree.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace plimsoll::cgroupfs {
namespace {

// Relative to the hierarchy's root directory.
std::string relative(const std::string& path) {
  return path == "/" ? "." : path.substr(1);
}

std::string child_path(std::string_view parent, std::string_view name) {
  std::string path(parent == "/" ? "" : parent);
  path += '/';
  path += name;
  return path;
}

std::size_t depth_of(const std::string& path) {
  return path == "/" ? 0 : static_cast<std::size_t>(std::ranges::count(path, '/'));
}

bool is_gone(const Error& error) {
  return error.kind == ErrorKind::kGone || error.kind == ErrorKind::kNotOffered;
}

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

// ---- Notifications

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

void KernelTree::visit_place(const Place& place) {
  const std::string name = relative(place.path);
  visit({place.hierarchy, root(place.hierarchy), name, place.path, depth_of(place.path)}, nullptr);
}

// ---- Walking

KernelTree::Hierarchies KernelTree::all() const {
  Hierarchies which;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) which.set(h);
  return which;
}

KernelTree::Hierarchies KernelTree::due(MonoTime now) const {
  Hierarchies which;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h)
    which.set(h, now >= next_walk_[h] ||
                     (unwatched_[h] != 0 && now - walked_[h] >= options_.blind_rescan_interval));
  return which;
}

void KernelTree::walk(Hierarchies which) {
  const MonoTime now = clock_.now();
  std::vector<Place> unknown;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) {
    if (!which.test(h)) continue;
    ++walks_;
    walked_[h] = now;
    if (next_walk_[h] <= now) next_walk_[h] = now + options_.rescan_interval;
    skipped_[h] = 0;
    for (const auto& [path, node] : registry_.nodes()) node->seen.reset(h);
    const std::string top = "/";
    const std::string here = ".";
    visit({h, root(h), here, top, 0}, &unknown);
  }
  std::vector<Place> vanished;
  for (const auto& [path, node] : registry_.nodes())
    for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h)
      if (which.test(h) && node->group->in(h) && !node->seen.test(h))
        vanished.push_back({std::string(path), h});
  for (const Place& place : vanished) leave_subtree(place.path, place.hierarchy);
  for (const Place& place : unknown) visit_place(place);
}

void KernelTree::visit(const Spot& spot, std::vector<Place>* unknown) {
  const std::size_t h = spot.hierarchy;
  if (spot.depth > options_.max_depth) {
    ++skipped_[h];
    return;
  }
  Node* node = registry_.find(spot.path);
  const bool here = node != nullptr && node->group->in(h);
  // Watch first, then look: what is made in between is either seen now or notified.
  std::optional<int> watch;
  if (here ? node->watch[h] == kNoWatch : unknown == nullptr)
    watch = watches_.add(spot.parent, spot.name);
  const auto facts = look_at(spot.parent, spot.name.c_str());
  if (!facts || !here || facts->inode != node->group->inode[h]) {
    Node* admitted = facts && !here && unknown == nullptr ? admit(spot, node, *facts) : nullptr;
    if (admitted == nullptr) {
      if (watch) watches_.discard(*watch);
      if (!facts) return could_not_ask(spot, facts.error());
      if (unknown != nullptr) return unknown->push_back({spot.path, h});
      if (!here) return;            // Refused by a cap.
      leave_subtree(spot.path, h);  // Replaced under our eyes.
      return visit(spot, nullptr);
    }
    node = admitted;
  }
  node->seen.set(h);
  if (watch) own_watch(*node, h, *watch);
  descend(spot, *facts, unknown);
}

void KernelTree::descend(const Spot& spot, const DirectoryFacts& facts,
                         std::vector<Place>* unknown) {
  std::optional<std::size_t> expected;
  if (links_[spot.hierarchy] == Links::kCountDirectories && facts.links >= 2)
    expected = facts.links - 2;
  if (expected == 0U) return;
  const auto listing = list_directories(spot.parent, spot.name.c_str(), expected);
  if (!listing) return could_not_ask(spot, listing.error());
  for (const std::string& name : listing->names) {
    const std::string path = child_path(spot.path, name);
    visit({spot.hierarchy, listing->dir, name, path, spot.depth + 1}, unknown);
  }
}

// A directory that cannot be asked (EACCES, no descriptor left) is not a removed one: what is known
// there stays.
void KernelTree::could_not_ask(const Spot& spot, const Error& error) {
  if (is_gone(error)) return;
  ++unreadable_;
  for (Node* node : registry_.subtree(spot.path)) node->seen.set(spot.hierarchy);
}

Node* KernelTree::admit(const Spot& spot, Node* node, const DirectoryFacts& facts) {
  if (node != nullptr && node->reported) {
    verify_others(*node, spot.hierarchy);
    node = registry_.find(spot.path);
  }
  const WallTime born = std::max(facts.born, options_.boot);
  if (node == nullptr) {
    if (registry_.size() >= options_.max_cgroups) {
      ++skipped_[spot.hierarchy];
      return nullptr;
    }
    const bool v2 = layout_.hierarchies[spot.hierarchy].version == 2;
    const std::string file = spot.name + (v2 ? "/cgroup.events" : "/cgroup.clone_children");
    const WallTime oldest =
        std::min(facts.born, file_birth(spot.parent, file.c_str()).value_or(facts.born));
    node = &registry_.add(spot.path, std::max(oldest, options_.boot));
  }
  registry_.join(*node, spot.hierarchy, facts.inode, born);
  ++unwatched_[spot.hierarchy];
  return node;
}

// A known path turned up in one more hierarchy. If it was removed and made again, the removals in
// the others may not have reached us yet; then this is not the group we know.
void KernelTree::verify_others(Node& node, std::size_t hierarchy) {
  const std::string path = node.group->path;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) {
    if (h == hierarchy || node.retired || !node.group->in(h)) continue;
    const auto facts = look_at(root(h), relative(path).c_str());
    if (facts ? facts->inode != node.group->inode[h] : is_gone(facts.error()))
      leave_subtree(path, h);
  }
}

void KernelTree::leave_subtree(const std::string& path, std::size_t hierarchy) {
  for (Node* node : registry_.subtree(path)) {
    if (!node->group->in(hierarchy)) continue;
    const int watch = std::exchange(node->watch[hierarchy], kNoWatch);
    if (watch == kNoWatch)
      --unwatched_[hierarchy];
    else
      watches_.release(watch, {node, hierarchy});
    registry_.leave(*node, hierarchy);
  }
}

void KernelTree::own_watch(Node& node, std::size_t hierarchy, int watch) {
  watches_.own(watch, {&node, hierarchy});
  node.watch[hierarchy] = watch;
  --unwatched_[hierarchy];
}

// True when the directory had no watch, or one on a predecessor replaced between add() and
// look_at(): it has to be listed again. inotify answers with the old number for the same inode.
bool KernelTree::watch_again(Node& node, std::size_t hierarchy) {
  const auto watch = watches_.add(root(hierarchy), relative(node.group->path));
  const int old = node.watch[hierarchy];
  if (!watch || *watch == old) return false;
  if (old != kNoWatch) {
    node.watch[hierarchy] = kNoWatch;
    watches_.release(old, {&node, hierarchy});
    ++unwatched_[hierarchy];
  }
  own_watch(node, hierarchy, *watch);
  return true;
}

// ----

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
