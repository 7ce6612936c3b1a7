#include "control/service/managed.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "cgroupfs/limit/knob.h"

namespace plimsoll::control {
namespace {

constexpr std::string_view kUserManager = "user@";
constexpr std::string_view kService = ".service";
constexpr std::array<std::string_view, 5> kLeaves = {".service", ".scope", ".mount", ".swap",
                                                     ".socket"};

bool is_slice(std::string_view name) {
  return name.size() > 6 && name.ends_with(".slice");
}

bool is_leaf(std::string_view name) {
  return std::ranges::any_of(kLeaves, [&](std::string_view suffix) {
    return name.size() > suffix.size() && name.ends_with(suffix);
  });
}

// 1000 of "user@1000.service".
std::optional<std::uint32_t> user_of(std::string_view name) {
  if (!name.starts_with(kUserManager) || !name.ends_with(kService)) return std::nullopt;
  name.remove_prefix(kUserManager.size());
  name.remove_suffix(kService.size());
  return to_number<std::uint32_t>(name);
}

// What is no knob's file is not written by systemd from a property: memory.reclaim,
// cgroup.subtree_control.
bool is_knob_file(std::string_view file) {
  return std::ranges::any_of(limit::catalogue(), [&](const limit::KnobInfo& info) {
    return info.file_v1 == file || info.file_v2 == file;
  });
}

}  // namespace

std::optional<Unit> unit_of(std::string_view cgroup) {
  if (cgroup == "/") return Unit{"-.slice", std::nullopt};
  std::optional<Unit> unit;
  std::optional<std::uint32_t> user;
  while (!cgroup.empty()) {
    cgroup.remove_prefix(1);
    const std::string_view name = cgroup.substr(0, cgroup.find('/'));
    cgroup.remove_prefix(name.size());
    // Below a unit that is no slice: its own, unless it is another manager.
    if (unit && is_leaf(unit->name)) {
      user = unit->user ? std::nullopt : user_of(unit->name);
      if (!user) return std::nullopt;
    }
    if (!is_slice(name) && !is_leaf(name)) return std::nullopt;
    unit = Unit{std::string(name), user};
  }
  return unit;
}

std::string shown(const Unit& unit) {
  if (!unit.user) return "systemd unit " + unit.name;
  return "unit " + unit.name + " of uid " + std::to_string(*unit.user) + "'s systemd";
}

void name_managers(limit::KernelView& view) {
  for (limit::GroupView& group : view.groups)
    if (const auto unit = unit_of(group.path)) group.manager = shown(*unit);
}

Result<> ManagedPort::write(const limit::Place& place, const std::string& file,
                            std::string_view text) {
  if (is_knob_file(file))
    if (const auto unit = unit_of(place.cgroup)) return manager_.write(*unit, file, text);
  return kernel_->write(place, file, text);
}

}  // namespace plimsoll::control
