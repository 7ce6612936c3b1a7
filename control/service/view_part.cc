#include "control/service/view_part.h"

#include <map>
#include <utility>

namespace plimsoll::control {
namespace {

bool is_within(const std::string& path, const std::string& above) {
  return above == "/" || path == above ||
         (path.size() > above.size() && path.starts_with(above) && path[above.size()] == '/');
}

}  // namespace

limit::KernelView view_part(const limit::KernelView& whole, const std::string& path) {
  limit::KernelView part{.controllers = whole.controllers,
                         .unified = whole.unified,
                         .page_size = whole.page_size,
                         .cpus = whole.cpus,
                         .mems = whole.mems,
                         .cpu_ids = whole.cpu_ids,
                         .devices = whole.devices,
                         .huge_page_sizes = whole.huge_page_sizes,
                         .groups = {}};
  std::map<std::size_t, std::size_t> places;  // Of its groups, in the whole and here.
  for (std::size_t i = 0; i < whole.groups.size(); ++i) {
    const limit::GroupView& group = whole.groups[i];
    if (!is_within(path, group.path) && !is_within(group.path, path)) continue;
    places[i] = part.groups.size();
    limit::GroupView& here = part.groups.emplace_back(group);
    if (group.parent) here.parent = places.at(*group.parent);
  }
  return part;
}

}  // namespace plimsoll::control
