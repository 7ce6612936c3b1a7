#include "runtime/cgroup/paths.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/tree/group_path.h"

namespace plimsoll::runtime {
namespace {

// Letters, digits and what systemd.unit(5) allows in the name of a unit.
bool is_unit_text(std::string_view text) {
  constexpr std::string_view kSigns = ":-_.\\@";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

Failure bad_path(const std::string& path, std::string_view why) {
  return invalid_input("cgroupsPath", "\"" + path + "\" " + std::string(why));
}

// "user-1000-a.slice" lies in "/user.slice/user-1000.slice/user-1000-a.slice"; "-.slice" is the
// root.
Result<std::string> path_of_slice(const std::string& slice) {
  constexpr std::string_view kEnd = ".slice";
  if (slice == "-.slice") return std::string("/");
  const std::string_view name = std::string_view(slice).substr(0, slice.size() - kEnd.size());
  if (!slice.ends_with(kEnd) || !is_unit_text(slice) || name.empty() || name.starts_with('-') ||
      name.ends_with('-') || name.find("--") != std::string_view::npos)
    return bad_path(slice, "is not the name of a slice");
  std::string path;
  for (std::size_t dash = name.find('-');; dash = name.find('-', dash + 1)) {
    path.append("/").append(name.substr(0, dash)).append(kEnd);
    if (dash == std::string_view::npos) return path;
  }
}

}  // namespace

Result<ScopeName> scope_of(const CgroupRequest& request) {
  std::string slice = "system.slice";
  std::string prefix = "plimsoll";
  std::string name = request.id;
  if (!request.cgroups_path.empty()) {
    const std::string& path = request.cgroups_path;
    const std::size_t first = path.find(':');
    const std::size_t second = first == std::string::npos ? first : path.find(':', first + 1);
    if (second == std::string::npos || path.find(':', second + 1) != std::string::npos)
      return bad_path(path, "is not \"slice:prefix:name\", as systemd's cgroups are called");
    if (first != 0) slice = path.substr(0, first);
    prefix = path.substr(first + 1, second - first - 1);
    name = path.substr(second + 1);
  }
  ScopeName scope;
  scope.slice = slice;
  scope.unit = prefix.empty() ? name : prefix + "-" + name;
  if (name.empty() || !is_unit_text(scope.unit))
    return bad_path(request.cgroups_path, "does not name a unit that systemd would take");
  // A slice has no prefix and no scope in it: it is a unit of its own.
  if (name.ends_with(".slice")) return bad_path(request.cgroups_path, "names a slice, not a scope");
  scope.unit += ".scope";
  if (scope.unit.size() > 255) return bad_path(scope.unit, "is longer than a unit's name may be");
  scope.group = cgroupfs::child_path(PLIMSOLL_TRY(path_of_slice(slice)), scope.unit);
  return scope;
}

Result<std::string> group_of(const CgroupRequest& request) {
  const std::string& path = request.cgroups_path.empty() ? request.id : request.cgroups_path;
  std::string group;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part == "..") return bad_path(path, "leads upwards: \"..\" is not allowed");
    if (part.find('\n') != std::string_view::npos) return bad_path(path, "has a newline");
    group.append("/").append(part);
  }
  if (group.empty()) return bad_path(path, "is the root group");
  return group;
}

std::string spelling_of(const cgroupfs::Hierarchy& hierarchy) {
  if (hierarchy.version == 2) return "";
  std::string spelling;
  for (std::size_t c = 0; c < cgroupfs::kControllerCount; ++c) {
    if (!hierarchy.controllers.test(c)) continue;
    if (!spelling.empty()) spelling += ',';
    const auto controller = static_cast<cgroupfs::Controller>(c);
    // v1's own word: it is what such a hierarchy is mounted by.
    spelling += controller == cgroupfs::Controller::kIo ? "blkio" : cgroupfs::name_of(controller);
  }
  if (!hierarchy.v1_name.empty()) {
    if (!spelling.empty()) spelling += ',';
    spelling += "name=" + hierarchy.v1_name;
  }
  return spelling;
}

CgroupRecord record_of(const cgroupfs::Layout& layout, CgroupManager manager, std::string unit,
                       const std::string& group) {
  CgroupRecord record;
  record.manager = manager;
  record.unit = std::move(unit);
  record.group = group;
  for (const cgroupfs::Hierarchy& hierarchy : layout.hierarchies)
    record.places.push_back({spelling_of(hierarchy), hierarchy.mount_path + group});
  return record;
}

Result<CgroupRecord> plan_cgroup(const CgroupHost& host, const CgroupRequest& request) {
  if (request.manager == CgroupManager::kFiles)
    return record_of(host.layout, request.manager, "", PLIMSOLL_TRY(group_of(request)));
  ScopeName scope = PLIMSOLL_TRY(scope_of(request));
  return record_of(host.layout, request.manager, std::move(scope.unit), scope.group);
}

}  // namespace plimsoll::runtime
