// For the tree's tests: a TempTree that looks like a hybrid host, and what update() said as plain
// paths.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::cgroupfs {

struct Changes {
  std::vector<std::string> added, changed, written, removed;  // Paths, sorted.
  bool operator==(const Changes&) const = default;
};

inline std::vector<std::string> sorted_paths(const auto& groups) {
  std::vector<std::string> paths;
  paths.reserve(groups.size());
  for (const auto& group : groups) paths.push_back(group->path);
  std::ranges::sort(paths);
  return paths;
}

inline Changes as_paths(const TreeChanges& changes) {
  return {sorted_paths(changes.added), sorted_paths(changes.changed), sorted_paths(changes.written),
          sorted_paths(changes.removed)};
}

inline void PrintTo(const Changes& c, std::ostream* os) {
  *os << "added " << testing::PrintToString(c.added) << " changed "
      << testing::PrintToString(c.changed) << " written " << testing::PrintToString(c.written)
      << " removed " << testing::PrintToString(c.removed);
}

// Three hierarchies: cpu (v1), memory (v1), unified (v2). Plain directories.
class FakeHost : public testing::Test {
 protected:
  FakeHost() : host_{{"cpu/", ""}, {"memory/", ""}, {"unified/cgroup.controllers", ""}} {
    layout_ = *open_layout("", *open_dir(host_.path().c_str()));
    cpu_ = *layout_.of(Controller::kCpu);
    memory_ = *layout_.of(Controller::kMemory);
  }

  void start(TreeOptions options = {}) { tree_ = *CgroupTree::create(layout_, clock_, options); }
  void make(const std::string& path) const {
    std::filesystem::create_directories(host_.path() + "/" + path);
  }
  void make_everywhere(const std::string& group) const {
    for (const char* hierarchy : {"cpu/", "memory/", "unified/"}) make(hierarchy + group);
  }
  void remove_everywhere(const std::string& group) const {
    for (const char* hierarchy : {"cpu/", "memory/", "unified/"}) host_.remove(hierarchy + group);
  }
  // Plain file systems give a removed directory's inode number to the next one at once, kernfs
  // never does. A descriptor on the old directory keeps its number taken.
  void pin_inodes(const std::string& group) {
    for (const char* hierarchy : {"/cpu/", "/memory/", "/unified/"})
      pins_.push_back(*open_dir((host_.path() + hierarchy + group).c_str()));
  }
  Changes update() { return as_paths(tree_->update()); }

  TempTree host_;
  FakeClock clock_;
  Layout layout_;
  std::size_t cpu_ = 0;
  std::size_t memory_ = 0;
  std::vector<DirFd> pins_;
  std::unique_ptr<CgroupTree> tree_;
};

}  // namespace plimsoll::cgroupfs
