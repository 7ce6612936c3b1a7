// The tree's real implementation: joins notifications, walks and the registry of what is known.
// A notification is only a hint where to look: by the time it is read the directory may be gone or
// be another one, so every step asks the kernel again and compares inodes.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroupfs/tree/directory.h"
#include "cgroupfs/tree/registry.h"
#include "cgroupfs/tree/tree.h"
#include "cgroupfs/tree/watches.h"

namespace plimsoll::cgroupfs {

class KernelTree final : public CgroupTree {
 public:
  using Hierarchies = std::bitset<kMaxHierarchies>;

  KernelTree(const Layout& layout, const Clock& clock, const TreeOptions& options);

  [[nodiscard]] TreeChanges update() override;
  [[nodiscard]] int notification_fd() const override { return watches_.fd(); }
  [[nodiscard]] TreeStats stats() const override;

  // Verifies these hierarchies whole.
  void walk(Hierarchies which);

 private:
  // A path in one hierarchy, where something may have happened.
  struct Place {
    std::string path;
    std::size_t hierarchy = 0;
    bool settled = false;
    bool operator==(const Place& o) const { return path == o.path && hierarchy == o.hierarchy; }
  };
  // The same while walking: `name` is relative to `parent`.
  struct Spot {
    std::size_t hierarchy;
    const DirFd& parent;
    const std::string& name;
    const std::string& path;
    std::size_t depth;
  };

  void note(const Notification& notification, std::vector<Place>& hints);
  void add_hint(std::string path, std::size_t hierarchy, std::vector<Place>& hints) const;
  void settle(std::vector<Place> hints);
  [[nodiscard]] bool settled_where_known(const Place& hint);
  void visit_place(Place place);

  // Everything at and below `name`, which is `place`. Directories not known yet are joined, or,
  // when `unknown` is given, put there for later.
  void visit(const DirFd& parent, const std::string& name, const Place& place,
             std::vector<Place>* unknown);
  // One directory; its listing when there is something below.
  [[nodiscard]] std::optional<Listing> enter(const Spot& spot, std::vector<Place>* unknown);
  [[nodiscard]] std::optional<Listing> list(const Spot& spot, const DirectoryFacts& facts);
  [[nodiscard]] Node* meet(const Spot& spot, Node* node, const DirectoryFacts& facts,
                           std::vector<Place>* unknown);
  [[nodiscard]] Node* admit(const Spot& spot, Node* node, const DirectoryFacts& facts);
  void verify_others(Node& node, std::size_t hierarchy);
  void leave_subtree(const std::string& path, std::size_t hierarchy);
  Node* could_not_ask(const Spot& spot, const Error& error);  // Null, for enter().

  void own_watch(Node& node, std::size_t hierarchy, int watch);
  [[nodiscard]] bool watch_again(Node& node, std::size_t hierarchy);
  [[nodiscard]] Hierarchies due(MonoTime now) const;
  [[nodiscard]] const DirFd& root(std::size_t hierarchy) const {
    return layout_.hierarchies[hierarchy].dir;
  }
  [[nodiscard]] Hierarchies all() const;

  const Layout& layout_;
  const Clock& clock_;
  const TreeOptions options_;
  Watches watches_;
  Registry registry_;
  std::array<Links, kMaxHierarchies> links_{};
  std::array<MonoTime, kMaxHierarchies> walked_{};     // Last walk.
  std::array<MonoTime, kMaxHierarchies> next_walk_{};  // Staggered, see walk().
  std::array<std::size_t, kMaxHierarchies> unwatched_{};
  std::array<std::size_t, kMaxHierarchies> skipped_{};
  std::uint64_t walks_ = 0;
  std::uint64_t overflows_ = 0;
  std::uint64_t unreadable_ = 0;
  bool overflowed_ = false;
};

}  // namespace plimsoll::cgroupfs
