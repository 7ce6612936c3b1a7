#include <algorithm>
#include <utility>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/directory.h"
#include "cgroupfs/tree/layout.h"
#include "cgroupfs/tree/mountinfo.h"

namespace plimsoll::cgroupfs {
namespace {

// Below the nominal root: the path relative to it ("." for itself). Elsewhere: nothing.
std::optional<std::string> below(std::string_view path, std::string_view nominal_root) {
  if (!path.starts_with(nominal_root)) return std::nullopt;
  path.remove_prefix(nominal_root.size());
  if (path.empty() || path == "/") return ".";
  if (path[0] != '/') return std::nullopt;
  return std::string(path.substr(1));
}

// What was mounted there may be hidden by a later mount, or belong to another root than the one
// given: nothing there is no failure.
template <class T>
Result<std::optional<T>> if_offered(Result<T> result) {
  if (result) return *std::move(result);
  if (result.error().kind == ErrorKind::kNotOffered) return std::nullopt;
  return std::unexpected(std::move(result).error());
}

// The v2 root's controllers; nothing when the directory is not a cgroup2 root.
Result<std::optional<ControllerSet>> v2_controllers(const DirFd& dir) {
  const auto text =
      PLIMSOLL_TRY(if_offered(in("cgroup2", read_file_at(dir, "cgroup.controllers", 4096))));
  if (!text) return std::nullopt;
  ControllerSet controllers;
  std::string_view line = trim(*text);
  std::string_view word;
  while (next_word(line, word))
    if (const auto controller = controller_named(word))
      controllers.set(static_cast<std::size_t>(*controller));
  return controllers;
}

Result<std::optional<Hierarchy>> open_mount(const CgroupMount& mount, const DirFd& cgroup_root,
                                            const std::string& relative) {
  auto dir = PLIMSOLL_TRY(if_offered(open_dir_at(cgroup_root, relative.c_str())));
  if (!dir) return std::nullopt;
  Hierarchy hierarchy{mount.version, mount.controllers, mount.v1_name,
                      mount.point,   mount.root,        *std::move(dir)};
  if (mount.version == 2) {
    const auto controllers = PLIMSOLL_TRY(v2_controllers(hierarchy.dir));
    if (!controllers) return std::nullopt;
    hierarchy.controllers = *controllers;
  }
  return hierarchy;
}

Result<std::vector<Hierarchy>> from_mounts(std::string_view mountinfo, const DirFd& cgroup_root,
                                           std::string_view nominal_root) {
  std::vector<CgroupMount> mounts = PLIMSOLL_TRY(parse_every_cgroup_mount(mountinfo));
  std::erase_if(mounts, [&](const CgroupMount& m) { return !below(m.point, nominal_root); });
  std::vector<Hierarchy> hierarchies;
  for (const CgroupMount& mount : one_per_hierarchy(std::move(mounts))) {
    const std::string relative = *below(mount.point, nominal_root);
    auto hierarchy = PLIMSOLL_TRY(in(mount.point, open_mount(mount, cgroup_root, relative)));
    if (hierarchy) hierarchies.push_back(*std::move(hierarchy));
  }
  return hierarchies;
}

// A directory of a recorded tree or of a host mounted elsewhere, told by its name alone.
std::optional<CgroupMount> mount_named(const std::string& name, std::string_view nominal_root) {
  CgroupMount mount;
  mount.root = "/";
  mount.point = std::string(nominal_root) + "/" + name;
  if (name == "systemd") {
    mount.v1_name = name;
    return mount;
  }
  const ControllerWordsFound found = find_controllers(name);
  if (found.unknown || !found.v1_name.empty() || found.controllers.none()) {
    mount.version = 2;  // To be shown by its cgroup.controllers ("unified").
    return mount;
  }
  mount.controllers = found.controllers;
  return mount;
}

Result<std::vector<Hierarchy>> from_directory(const DirFd& cgroup_root,
                                              std::string_view nominal_root) {
  std::vector<Hierarchy> hierarchies;
  const CgroupMount itself{2, "/", std::string(nominal_root), {}, {}};
  auto v2 = PLIMSOLL_TRY(open_mount(itself, cgroup_root, "."));
  if (v2) {
    hierarchies.push_back(*std::move(v2));
    return hierarchies;
  }
  std::vector<std::string> names = PLIMSOLL_TRY(list_directories(cgroup_root, ".")).names;
  // The longest first, so that a copied "cpu" beside the co-mounted "cpu,cpuacct" is the twin.
  std::ranges::sort(names, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  ControllerSet taken;
  for (const std::string& name : names) {
    const auto mount = mount_named(name, nominal_root);
    if (!mount || (mount->controllers & taken).any()) continue;
    auto hierarchy = PLIMSOLL_TRY(in(mount->point, open_mount(*mount, cgroup_root, name)));
    if (!hierarchy) continue;
    if (hierarchy->version == 1) taken |= hierarchy->controllers;
    hierarchies.push_back(*std::move(hierarchy));
  }
  std::ranges::sort(hierarchies, {}, &Hierarchy::mount_path);
  return hierarchies;
}

// A name=systemd hierarchy beside a full cgroup2 (containers that run an old systemd) does not make
// the host a hybrid one: it has no numbers.
Mode mode_of(const std::vector<Hierarchy>& hierarchies) {
  bool v1 = false;
  bool v2 = false;
  for (const Hierarchy& h : hierarchies) {
    v2 = v2 || h.version == 2;
    v1 = v1 || (h.version == 1 && h.controllers.any());
  }
  if (v1) return v2 ? Mode::kHybrid : Mode::kV1;
  return v2 ? Mode::kV2 : Mode::kV1;
}

// More than we have places for can only be named hierarchies without controllers.
std::vector<Hierarchy> numbers_first(std::vector<Hierarchy> hierarchies) {
  std::vector<Hierarchy> ordered;
  for (const bool named_only : {false, true})
    for (Hierarchy& h : hierarchies)
      if ((h.version == 1 && h.controllers.none()) == named_only &&
          ordered.size() < kMaxHierarchies)
        ordered.push_back(std::move(h));
  return ordered;
}

}  // namespace

Result<Layout> open_layout(std::string_view mountinfo, const DirFd& cgroup_root,
                           std::string_view nominal_root) {
  while (nominal_root.ends_with('/')) nominal_root.remove_suffix(1);
  Layout layout;
  layout.hierarchies =
      PLIMSOLL_TRY(in("mountinfo", from_mounts(mountinfo, cgroup_root, nominal_root)));
  if (layout.hierarchies.empty())
    layout.hierarchies = PLIMSOLL_TRY(in(nominal_root, from_directory(cgroup_root, nominal_root)));
  if (layout.hierarchies.empty())
    return failure(ErrorKind::kNotOffered, "open_layout",
                   "no cgroup tree: mountinfo has no usable cgroup mount below " +
                       std::string(nominal_root) +
                       ", and the directory given for it has neither cgroup.controllers (v2) nor "
                       "directories named after v1 controllers");
  layout.hierarchies = numbers_first(std::move(layout.hierarchies));
  layout.mode = mode_of(layout.hierarchies);
  return layout;
}

}  // namespace plimsoll::cgroupfs
