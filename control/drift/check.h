// From the tree's notifications to findings: reads the files that matter, and nothing else.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/tree/tree.h"
#include "control/drift/drift.h"

namespace plimsoll::drift {

struct Checked {
  std::vector<Finding> findings;
  // Files that are held and could not be read, with the reason; a group that is gone is none.
  std::vector<std::pair<Spot, Error>> unreadable;
};

// On the loop that owns tree, book and port.
class DriftChecker {
 public:
  // Both must outlive it. A CgroupPort keeps what it has read last open: its owner calls forget()
  // on it, or makes another, when a turn is over.
  DriftChecker(DriftBook& book, limit::KernelPort& port) : book_(book), port_(port) {}

  // What CgroupTree::update() said: groups written are looked at, groups removed forgotten. Then
  // whatever has become due, or was left out while a change of our own was under way.
  [[nodiscard]] Checked check(const cgroupfs::TreeChanges& changes);
  // Every spot that is held in it, whoever wrote or not: at a start, for what was written while
  // nobody looked.
  [[nodiscard]] Checked check_group(const Group& group);

 private:
  void look(const std::vector<Spot>& spots, Checked& checked);

  DriftBook& book_;
  limit::KernelPort& port_;
};

}  // namespace plimsoll::drift
