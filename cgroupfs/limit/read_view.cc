#include "cgroupfs/limit/read_view.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/limit/knob.h"
#include "cgroupfs/limit/read_host.h"
#include "cgroupfs/tree/directory.h"
#include "cgroupfs/tree/group_path.h"

namespace plimsoll::limit {
namespace {

using cgroupfs::Controller;

struct Extra {
  Controller controller;
  int version;
  const char* file;
};
// Beside the catalogue's: what rules and messages need.
constexpr Extra kExtras[] = {{Controller::kMemory, 1, "memory.usage_in_bytes"},
                             {Controller::kMemory, 2, "memory.current"},
                             {Controller::kPids, 1, "pids.current"},
                             {Controller::kPids, 2, "pids.current"},
                             {Controller::kFreezer, 1, "freezer.self_freezing"},
                             {Controller::kCpuset, 1, "cpuset.cpu_exclusive"},
                             {Controller::kCpuset, 1, "cpuset.mem_exclusive"},
                             {Controller::kCpuset, 2, "cpuset.cpus.effective"},
                             {Controller::kCpuset, 2, "cpuset.mems.effective"},
                             {Controller::kIo, 1, "blkio.weight_device"},
                             {Controller::kIo, 1, "blkio.bfq.weight_device"}};
constexpr const char* kCore[] = {"cgroup.controllers", "cgroup.subtree_control", "cgroup.type",
                                 "cgroup.freeze"};

void add_once(std::vector<std::string>& files, std::string file) {
  if (std::ranges::find(files, file) == files.end()) files.push_back(std::move(file));
}

// The names of the files to look for in one hierarchy.
std::vector<std::string> files_of(const cgroupfs::Hierarchy& hierarchy,
                                  const cgroupfs::ControllerSet& controllers,
                                  const std::vector<std::string>& page_sizes) {
  const auto has = [&](Controller controller) {
    const auto c = static_cast<std::size_t>(controller);
    return hierarchy.controllers.test(c) && controllers.test(c);
  };
  std::vector<std::string> files;
  for (const KnobInfo& info : catalogue()) {
    const std::string_view pattern = hierarchy.version == 1 ? info.file_v1 : info.file_v2;
    if (pattern.empty() || !has(info.controller)) continue;
    const std::size_t at = pattern.find('%');
    if (at == std::string_view::npos) {
      add_once(files, std::string(pattern));
      continue;
    }
    for (const std::string& size : page_sizes)
      add_once(files, std::string(pattern).replace(at, 1, size));
  }
  for (const Extra& extra : kExtras)
    if (extra.version == hierarchy.version && has(extra.controller)) add_once(files, extra.file);
  if (hierarchy.version == 2)
    for (const char* file : kCore) add_once(files, file);
  return files;
}

// Whether a group's files in the hierarchy are read. v2's freezer is no controller, but part of it.
bool is_asked(const cgroupfs::Layout& layout, const cgroupfs::Hierarchy& hierarchy,
              const cgroupfs::ControllerSet& controllers) {
  const bool freezes = hierarchy.version == 2 && !layout.of(Controller::kFreezer) &&
                       controllers.test(static_cast<std::size_t>(Controller::kFreezer));
  return freezes || controllers.all() || (hierarchy.controllers & controllers).any();
}

// With those whose files say what the rules of others have to know: v2 charges writeback through
// the memory controller (cgroup-v2.rst, "Writeback").
cgroupfs::ControllerSet with_support(cgroupfs::ControllerSet controllers,
                                     const cgroupfs::Layout& layout) {
  const auto io = layout.of(Controller::kIo);
  if (io && layout.hierarchies[*io].version == 2 &&
      controllers.test(static_cast<std::size_t>(Controller::kIo)))
    controllers.set(static_cast<std::size_t>(Controller::kMemory));
  return controllers;
}

// Whether rules ask for processes there: of v1's controllers cpuset alone does.
bool counts_processes(const cgroupfs::Hierarchy& hierarchy) {
  return hierarchy.version == 2 ||
         hierarchy.controllers.test(static_cast<std::size_t>(Controller::kCpuset));
}

class ViewReader {
 public:
  ViewReader(const cgroupfs::Layout& layout, const cgroupfs::ControllerSet& controllers,
             const std::vector<std::string>& page_sizes)
      : layout_(layout) {
    for (const auto& hierarchy : layout.hierarchies) {
      files_.push_back(files_of(hierarchy, controllers, page_sizes));
      is_asked_.push_back(is_asked(layout, hierarchy, controllers));
      links_.push_back(is_asked_.back() ? cgroupfs::links_of(hierarchy.dir)
                                        : cgroupfs::Links::kMeaningless);
    }
  }

  Result<std::vector<GroupView>> groups(std::span<const std::string> wanted) {
    for (const std::string& path : wanted)
      for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h)
        if (is_asked_[h]) PLIMSOLL_TRY(find(h, path));
    std::vector<GroupView> groups;
    std::map<std::string, std::size_t, std::less<>> index;
    // Sorted: a path stands before what begins with it.
    for (const std::string& path : paths_) {
      GroupView group = PLIMSOLL_TRY(read(path));
      if (group.inode == decltype(group.inode){}) continue;
      if (path != "/") {
        const std::size_t slash = path.rfind('/');
        const auto above = index.find(slash == 0 ? "/" : path.substr(0, slash));
        if (above != index.end()) group.parent = above->second;
      }
      index.emplace(path, groups.size());
      groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  // The group, its ancestors and its descendants in one hierarchy, if it is there.
  Result<> find(std::size_t h, const std::string& path) {
    const DirFd& root = layout_.hierarchies[h].dir;
    const auto facts = cgroupfs::look_at(root, cgroupfs::relative(path).c_str());
    if (!facts && cgroupfs::is_gone(facts.error())) return {};
    if (!facts) return std::unexpected(facts.error());
    paths_.insert("/");
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1))
      paths_.insert(path.substr(0, slash));
    paths_.insert(path);
    // The root's descendants are the whole host: who asks for the root wants its own knobs. And
    // most groups have none: their directory has the links of an empty one.
    const bool is_leaf = links_[h] == cgroupfs::Links::kCountDirectories && facts->links <= 2;
    return path == "/" || is_leaf ? Result<>() : below(h, path);
  }

  Result<> below(std::size_t h, const std::string& path) {
    const auto listing =
        cgroupfs::list_directories(layout_.hierarchies[h].dir, cgroupfs::relative(path).c_str());
    if (!listing && cgroupfs::is_gone(listing.error())) return {};
    if (!listing) return std::unexpected(listing.error());
    paths_.insert(path);
    for (const std::string& name : listing->names)
      PLIMSOLL_TRY(below(h, cgroupfs::child_path(path, name)));
    return {};
  }

  Result<GroupView> read(const std::string& path) {
    GroupView group;
    group.path = path;
    for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) {
      if (!is_asked_[h]) continue;
      auto done = read_in(group, h);
      if (done) continue;
      if (!cgroupfs::is_gone(done.error()))
        return in("cgroup " + path, Result<GroupView>(std::unexpected(done.error())));
      group.inode[h] = 0;
    }
    return group;
  }

  Result<> read_in(GroupView& group, std::size_t h) {
    const DirFd& root = layout_.hierarchies[h].dir;
    const DirFd dir = PLIMSOLL_TRY(open_dir_at(root, cgroupfs::relative(group.path).c_str()));
    group.inode[h] = PLIMSOLL_TRY(cgroupfs::look_at(dir, ".")).inode;
    for (const std::string& file : files_[h]) {
      auto text = buffer_.read_at(dir, file.c_str());
      // Not offered, or offered and not for reading here (a threaded group's).
      if (!text &&
          (text.error().kind == ErrorKind::kNotOffered || text.error().os_error == EOPNOTSUPP))
        continue;
      if (!text) return in(file, Result<>(std::unexpected(text.error())));
      if (text->ends_with('\n')) text->remove_suffix(1);
      group.files.push_back({file, std::string(*text)});
    }
    if (counts_processes(layout_.hierarchies[h]))
      group.processes.set(h, PLIMSOLL_TRY(has_processes(dir)));
    return {};
  }

  Result<bool> has_processes(const DirFd& dir) {
    auto procs = buffer_.read_at(dir, "cgroup.procs");
    // A threaded group's processes are listed where its domain is.
    if (!procs && procs.error().os_error == EOPNOTSUPP)
      procs = buffer_.read_at(dir, "cgroup.threads");
    if (!procs) return std::unexpected(std::move(procs).error());
    return !procs->empty();
  }

  const cgroupfs::Layout& layout_;
  std::vector<std::vector<std::string>> files_;  // By hierarchy.
  std::vector<bool> is_asked_;                   // The same.
  std::vector<cgroupfs::Links> links_;           // The same.
  std::set<std::string> paths_;
  ReadBuffer buffer_;
};

}  // namespace

cgroupfs::ControllerSet controllers_of(std::span<const Setting> settings) {
  cgroupfs::ControllerSet controllers;
  for (const Setting& setting : settings)
    controllers.set(static_cast<std::size_t>(info_of(setting.knob).controller));
  return controllers;
}

Result<KernelView> read_view(const cgroupfs::Layout& layout, const DirFd& sys,
                             std::span<const std::string> groups,
                             const cgroupfs::ControllerSet& needed) {
  const cgroupfs::ControllerSet controllers = with_support(needed, layout);
  KernelView view;
  for (std::size_t c = 0; c < cgroupfs::kControllerCount; ++c)
    if (const auto hierarchy = layout.of(static_cast<Controller>(c)))
      view.controllers[c] = {layout.hierarchies[*hierarchy].version, *hierarchy};
  view.unified = layout.unified();
  view.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (controllers.test(static_cast<std::size_t>(Controller::kHugetlb)))
    view.huge_page_sizes = huge_page_sizes(sys);
  view.groups = PLIMSOLL_TRY(ViewReader(layout, controllers, view.huge_page_sizes).groups(groups));
  read_host(layout, sys, controllers, view);
  return view;
}

}  // namespace plimsoll::limit
