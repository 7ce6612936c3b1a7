// Which file a setting goes to, and whether this host and this group have it.
#include <algorithm>

#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/translate.h"

namespace plimsoll::limit {
namespace {

using cgroupfs::Controller;

std::string file_name(std::string_view pattern, const std::string& page_size) {
  std::string file(pattern);
  if (const std::size_t at = file.find('%'); at != std::string::npos)
    file.replace(at, 1, page_size);
  return file;
}

}  // namespace

std::optional<Translator::Target> Translator::target(const Setting& setting) {
  const KnobInfo& info = info_of(setting.knob);
  int version = model_.view().of(info.controller).version;
  // Freezing needs no controller on v2.
  if (setting.knob == Knob::kFreeze && version != 1) version = model_.view().unified ? 2 : 0;
  if (version == 0) {
    refuse(setting, "this host has no cgroup controller \"" +
                        std::string(cgroupfs::name_of(info.controller)) + "\"");
    return std::nullopt;
  }
  const std::string_view pattern = version == 1 ? info.file_v1 : info.file_v2;
  if (pattern.empty()) {
    refuse(setting, std::string(version == 1 ? info.why_not_v1 : info.why_not_v2));
    return std::nullopt;
  }
  std::string file = file_name(pattern, setting.detail);
  // The weight of one device has a file of its own on v1.
  if (version == 1 && !setting.detail.empty() && info.detail == Detail::kOptionalDevice)
    file += "_device";
  if (offered(file)) return Target{version, std::move(file)};
  if (version == 2 && setting.knob != Knob::kFreeze) return target_v2(setting, std::move(file));
  refuse(setting, "this kernel or this group has no " + file);
  return std::nullopt;
}

bool Translator::offered(const std::string& file) const {
  return current(file) != nullptr;
}

// Not there, perhaps because the controller is not enabled for the group; then it will be.
std::optional<Translator::Target> Translator::target_v2(const Setting& setting, std::string file) {
  const Controller controller = info_of(setting.knob).controller;
  const std::string* offers = current("cgroup.controllers");
  const bool enabled = offers != nullptr && has_word(*offers, cgroupfs::name_of(controller));
  if (enabled || model_.view().groups[group_].path == "/") {
    refuse(setting, "this kernel or this group has no " + file);
    return std::nullopt;
  }
  // A kernel that lacks the file lacks it everywhere.
  const auto lacks = [&](const GroupView& group) {
    const std::string* controllers = group.find("cgroup.controllers");
    return group.path != "/" && controllers != nullptr &&
           has_word(*controllers, cgroupfs::name_of(controller)) && group.find(file) == nullptr;
  };
  const std::vector<std::string>& sizes = model_.view().huge_page_sizes;
  const bool no_such_page =
      setting.knob == Knob::kHugetlbMax && std::ranges::find(sizes, setting.detail) == sizes.end();
  if (no_such_page || std::ranges::any_of(model_.view().groups, lacks)) {
    refuse(setting, "this kernel has no " + file);
    return std::nullopt;
  }
  if (!enable(controller, setting)) return std::nullopt;
  return Target{2, std::move(file)};
}

// "+memory" in every ancestor that does not have it yet, from the top. Twice the same is one:
// order.cc leaves out what changes nothing.
bool Translator::enable(Controller controller, const Setting& setting) {
  const std::string word(cgroupfs::name_of(controller));
  if (options_.enabling == PlanOptions::Enabling::kRefuse) {
    refuse(setting, "the controller \"" + word + "\" is not enabled for this group");
    return false;
  }
  std::vector<std::size_t> lacking;
  for (auto above = model_.parent(group_); above; above = model_.parent(*above)) {
    const std::string* enabled = model_.text(*above, "cgroup.subtree_control");
    if (enabled == nullptr || !has_word(*enabled, word)) lacking.push_back(*above);
  }
  for (const std::size_t ancestor : lacking) {
    const GroupView& group = model_.view().groups[ancestor];
    if (!group.manager.empty() && options_.managed == PlanOptions::Managed::kRefuse) {
      refuse(setting, "the controller \"" + word + "\" is not enabled in " + group.path +
                          ", which belongs to " + group.manager);
      return false;
    }
    // Accepted by the kernel for controllers of threads, and then no child takes a process any
    // more.
    if (group.path != "/" && group.processes.test(model_.view().unified.value_or(0)) &&
        is_threaded(word)) {
      refuse(setting, "the controller \"" + word + "\" is not enabled in " + group.path +
                          ", which has processes of its own: move them into a child first");
      return false;
    }
  }
  for (auto ancestor = lacking.rbegin(); ancestor != lacking.rend(); ++ancestor)
    out_.changes.push_back({*ancestor, "cgroup.subtree_control", "", "+" + word, std::nullopt,
                            "so that " + model_.view().groups[group_].path + " has " +
                                std::string(name_of(setting.knob)),
                            ""});
  return true;
}

}  // namespace plimsoll::limit
