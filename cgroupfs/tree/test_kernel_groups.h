// For kernel tests: groups below one of our own in every hierarchy of this machine, all removed at
// the end.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <sstream>
#include <string>
#include <vector>

#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {

// kernfs refuses to unlink files, so only directories are removed, leaves first.
inline void remove_groups(const std::filesystem::path& top) {
  std::error_code ignored;
  std::vector<std::filesystem::path> directories = {top};
  for (auto it = std::filesystem::recursive_directory_iterator(top, ignored);
       it != std::filesystem::recursive_directory_iterator(); it.increment(ignored))
    if (it->is_directory(ignored)) directories.push_back(it->path());
  for (const auto& directory : std::views::reverse(directories)) ::rmdir(directory.c_str());
}

class KernelGroups {
 public:
  KernelGroups() {
    std::ostringstream mountinfo;
    mountinfo << std::ifstream("/proc/self/mountinfo").rdbuf();
    auto root = open_dir("/sys/fs/cgroup");
    if (!root) {
      why_not_ = root.error().message();
      return;
    }
    auto layout = open_layout(mountinfo.str(), *root);
    if (!layout) {
      why_not_ = layout.error().message();
      return;
    }
    layout_ = *std::move(layout);
    make_top();
  }
  ~KernelGroups() {
    for (const Hierarchy& h : layout_.hierarchies)
      if (!top_.empty()) remove_groups(h.mount_path + top_);
  }
  KernelGroups(const KernelGroups&) = delete;
  KernelGroups& operator=(const KernelGroups&) = delete;

  // Empty when groups can be made here.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const std::string& top() const { return top_; }  // "/plimsoll-test-tree-..."

  [[nodiscard]] std::string directory(std::size_t hierarchy, const std::string& group) const {
    return layout_.hierarchies[hierarchy].mount_path + top_ + group;
  }
  [[nodiscard]] bool make(std::size_t hierarchy, const std::string& group) const {
    return ::mkdir(directory(hierarchy, group).c_str(), 0755) == 0;
  }
  [[nodiscard]] bool make_everywhere(const std::string& group) const {
    bool made = true;
    for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) made = make(h, group) && made;
    return made;
  }
  void remove(std::size_t hierarchy, const std::string& group) const {
    remove_groups(directory(hierarchy, group));
  }
  void remove_everywhere(const std::string& group) const {
    for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) remove(h, group);
  }

 private:
  void make_top() {
    // A group that a manager has handed to us, where there is one: it has all controllers.
    const char* below = std::getenv("PLIMSOLL_TEST_CGROUP");
    top_ = std::string(below != nullptr ? below : "") + "/plimsoll-test-tree-" +
           std::to_string(::getpid());
    for (const Hierarchy& h : layout_.hierarchies) {
      if (::mkdir((h.mount_path + top_).c_str(), 0755) != 0)
        why_not_ = "no group can be made in " + h.mount_path + ": " + std::strerror(errno);
      if (h.version == 2) hand_controllers_on(h.mount_path + top_);
    }
  }
  // v2: a group has the files of a controller only if its parent says so.
  static void hand_controllers_on(const std::string& group) {
    std::ifstream offered(group + "/cgroup.controllers");
    for (std::string name; offered >> name;)
      std::ofstream(group + "/cgroup.subtree_control") << "+" << name;
  }

  Layout layout_;
  std::string top_;
  std::string why_not_;
};

}  // namespace plimsoll::cgroupfs
