#include "control/manager/unit.h"

#include <algorithm>

#include "base/number.h"

namespace plimsoll::control {
namespace {

constexpr std::string_view kSlice = ".slice";
// What systemd gives a group of its own besides slices.
constexpr std::string_view kKinds[] = {".service", ".scope", ".mount", ".socket", ".swap"};

std::string_view take_component(std::string_view& path) {
  const std::size_t start = std::min(path.find_first_not_of('/'), path.size());
  path.remove_prefix(start);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view component = path.substr(0, end);
  path.remove_prefix(end);
  return component;
}

// A name that the kernel could take for a file of its own has a '_' in front of it.
std::string_view unescaped(std::string_view component) {
  return component.starts_with('_') ? component.substr(1) : component;
}

bool runs_processes(std::string_view name) {
  return std::ranges::any_of(kKinds, [&](std::string_view kind) {
    return name.ends_with(kind) && name.size() > kind.size();
  });
}

// "a-b.slice" is in "a.slice", which is in the root: the name says the whole path.
bool is_slice_in(std::string_view name, std::string_view parent) {
  if (!name.ends_with(kSlice) || name.size() == kSlice.size()) return false;
  name.remove_suffix(kSlice.size());
  const std::size_t dash = name.rfind('-');
  if (dash == 0 || name.ends_with('-')) return false;
  const std::string_view above = dash == std::string_view::npos ? "" : name.substr(0, dash);
  return above == parent;
}

// 1000 of "user@1000.service", whose processes are that user's own systemd and its units.
std::optional<std::uint32_t> user_of(std::string_view name) {
  constexpr std::string_view kUser = "user@";
  constexpr std::string_view kService = ".service";
  if (!name.starts_with(kUser) || !name.ends_with(kService)) return std::nullopt;
  name.remove_prefix(kUser.size());
  name.remove_suffix(kService.size());
  return to_number<std::uint32_t>(name);
}

// One manager's units: slices, then at most one unit that is none.
struct Walked {
  std::string_view name;  // Of the last unit; empty when there is none.
  std::string_view rest;  // Of the path, behind it.
};

Walked walk(std::string_view path) {
  Walked walked{"", path};
  std::string_view slice;
  for (;;) {
    std::string_view rest = walked.rest;
    const std::string_view name = unescaped(take_component(rest));
    if (name.empty()) return walked;
    if (is_slice_in(name, slice)) {
      walked = {name, rest};
      slice = name.substr(0, name.size() - kSlice.size());
      continue;
    }
    if (runs_processes(name)) walked = {name, rest};
    return walked;
  }
}

}  // namespace

std::string Unit::manager() const {
  if (!uid) return "systemd unit " + name;
  return "unit " + name + " of user " + std::to_string(*uid) + "'s own systemd";
}

std::optional<Unit> unit_of(std::string_view cgroup) {
  if (cgroup == "/") return Unit{"-.slice", std::nullopt};
  const Walked system = walk(cgroup);
  if (system.name.empty()) return std::nullopt;
  if (system.rest.empty()) return Unit{std::string(system.name), std::nullopt};
  const auto uid = user_of(system.name);
  if (!uid) return std::nullopt;
  const Walked user = walk(system.rest);
  if (user.name.empty() || !user.rest.empty()) return std::nullopt;
  return Unit{std::string(user.name), uid};
}

}  // namespace plimsoll::control
