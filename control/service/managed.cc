#include "control/service/managed.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "cgroupfs/limit/knob.h"
#include "cgroupfs/limit/rules.h"
#include "control/manager/properties.h"

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

// Not in every kernel, so that only the file itself proves it.
bool may_be_missing(std::string_view file) {
  return file == "cpu.idle" || file == "io.weight" || file == "io.latency";
}

// systemd enables a controller for a unit with the first property that needs it: its files are
// there as soon as they are needed, and say the default until then. So nobody else has to enable
// it, which systemd would take back.
void add_files_to_come(limit::GroupView& group, std::string_view offered) {
  const std::string* const now = group.find("cgroup.controllers");
  if (now == nullptr) return;
  const std::string enabled = *now;  // What it points into moves as files are added.
  for (const limit::KnobInfo& info : limit::catalogue()) {
    const std::string_view name = cgroupfs::name_of(info.controller);
    if (!limit::has_word(offered, name) || limit::has_word(enabled, name)) continue;
    const auto text = text_without_controller(info.file_v2);
    if (!text || may_be_missing(info.file_v2) || group.find(info.file_v2) != nullptr) continue;
    group.files.push_back({std::string(info.file_v2), std::string(*text)});
  }
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
  const auto root = view.index_of("/");
  const std::string* const controllers =
      root ? view.groups[*root].find("cgroup.controllers") : nullptr;
  const std::string offered = controllers == nullptr ? "" : *controllers;
  for (limit::GroupView& group : view.groups) {
    const auto unit = unit_of(group.path);
    if (!unit) continue;
    group.manager = shown(*unit);
    if (group.path != "/" && !unit->user) add_files_to_come(group, offered);
  }
}

Result<std::string> ManagedPort::read(const limit::Place& place, const std::string& file) {
  Result<std::string> text = kernel_->read(place, file);
  if (text || text.error().kind != ErrorKind::kNotOffered) return text;
  const auto absent = unit_of(place.cgroup) ? text_without_controller(file) : std::nullopt;
  if (!absent) return text;
  return std::string(*absent);
}

Result<> ManagedPort::write(const limit::Place& place, const std::string& file,
                            std::string_view text) {
  if (is_knob_file(file))
    if (const auto unit = unit_of(place.cgroup)) return manager_.write(*unit, file, text);
  return kernel_->write(place, file, text);
}

}  // namespace plimsoll::control
