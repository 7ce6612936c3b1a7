// The tree's walks: a whole hierarchy, or from one place downwards.
#include <algorithm>
#include <utility>

#include "cgroupfs/tree/group_path.h"
#include "cgroupfs/tree/kernel_tree.h"

namespace plimsoll::cgroupfs {

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
  watches_.retry();
  std::vector<Place> unknown;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) {
    if (!which.test(h)) continue;
    ++walks_;
    walked_[h] = now;
    if (next_walk_[h] <= now) next_walk_[h] = now + options_.rescan_interval;
    skipped_[h] = 0;
    for (const auto& [path, node] : registry_.nodes()) node->seen.reset(h);
    visit(root(h), ".", {"/", h}, &unknown);
  }
  std::vector<Place> vanished;
  for (const auto& [path, node] : registry_.nodes())
    for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h)
      if (which.test(h) && node->group->in(h) && !node->seen.test(h))
        vanished.push_back({std::string(path), h});
  for (const Place& place : vanished) leave_subtree(place.path, place.hierarchy);
  for (const Place& place : unknown) visit_place(place);
}

void KernelTree::visit(const DirFd& parent, const std::string& name, const Place& place,
                       std::vector<Place>* unknown) {
  struct Level {
    Listing listing;
    std::string path;
    std::size_t next = 0;
  };
  const std::size_t depth = depth_of(place.path);
  std::vector<Level> levels;
  if (auto top = enter({place.hierarchy, parent, name, place.path, depth}, unknown))
    levels.push_back({*std::move(top), place.path});
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next == level.listing.names.size()) {
      levels.pop_back();
      continue;
    }
    const std::string& child = level.listing.names[level.next++];
    std::string path = child_path(level.path, child);
    const Spot spot{place.hierarchy, level.listing.dir, child, path, depth + levels.size()};
    if (auto below = enter(spot, unknown)) levels.push_back({*std::move(below), std::move(path)});
  }
}

std::optional<Listing> KernelTree::enter(const Spot& spot, std::vector<Place>* unknown) {
  const std::size_t h = spot.hierarchy;
  if (spot.depth > options_.max_depth) {
    ++skipped_[h];
    return std::nullopt;
  }
  Node* node = registry_.find(spot.path);
  const bool here = node != nullptr && node->group->in(h);
  // Watch first, then look: what is made in between is either seen now or notified.
  std::optional<int> watch;
  if (here ? node->watch[h] == kNoWatch : unknown == nullptr)
    watch = watches_.add(spot.parent, spot.name);
  const auto facts = look_at(spot.parent, spot.name.c_str());
  if (!facts || !here || facts->inode != node->group->inode[h]) {
    node = facts ? meet(spot, node, *facts, unknown) : could_not_ask(spot, facts.error());
    if (node == nullptr) {
      if (watch) watches_.discard(*watch);
      return std::nullopt;
    }
  }
  node->seen.set(h);
  if (watch) own_watch(*node, h, *watch);
  return list(spot, *facts);
}

// A directory that is not the one known under this path, if any is known.
Node* KernelTree::meet(const Spot& spot, Node* node, const DirectoryFacts& facts,
                       std::vector<Place>* unknown) {
  if (unknown != nullptr) {
    unknown->push_back({spot.path, spot.hierarchy});
    return nullptr;
  }
  if (node != nullptr && node->group->in(spot.hierarchy)) {
    // Replaced under our eyes. The successor's notification, or the next walk, brings it in.
    leave_subtree(spot.path, spot.hierarchy);
    return nullptr;
  }
  return admit(spot, node, facts);
}

std::optional<Listing> KernelTree::list(const Spot& spot, const DirectoryFacts& facts) {
  std::optional<std::size_t> expected;
  if (links_[spot.hierarchy] == Links::kCountDirectories && facts.links >= 2)
    expected = facts.links - 2;
  if (expected == 0U) return std::nullopt;
  auto listing = list_directories(spot.parent, spot.name.c_str(), expected);
  if (listing) return *std::move(listing);
  could_not_ask(spot, listing.error());
  return std::nullopt;
}

// A directory that cannot be asked (EACCES, no descriptor left) is not a removed one: what is known
// there stays.
Node* KernelTree::could_not_ask(const Spot& spot, const Error& error) {
  if (is_gone(error)) return nullptr;
  ++unreadable_;
  for (Node* node : registry_.subtree(spot.path)) node->seen.set(spot.hierarchy);
  return nullptr;
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

}  // namespace plimsoll::cgroupfs
