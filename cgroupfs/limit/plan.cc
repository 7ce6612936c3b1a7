#include "cgroupfs/limit/plan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/order.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/translate.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::limit {
namespace {

// Accepted by the kernel, but without the effect that was asked for.
void refuse_clipped(const KernelModel& model, Plan& plan) {
  for (const Write& write : plan.writes) {
    if (write.predicted_errno != 0 || !write.knob) continue;
    const auto refuse = [&](const std::string& reason) {
      plan.refusals.push_back({write.at.cgroup, *write.knob, "", reason});
    };
    const bool thaws = write.file == "freezer.state" && write.new_text == "THAWED";
    if (!thaws && write.effective_file.empty()) continue;
    const std::size_t group = *model.view().index_of(write.at.cgroup);
    if (!write.effective_file.empty() && !write.new_text.empty()) {
      const std::string_view which = std::string_view(write.file).substr(std::strlen("cpuset."));
      const std::string holds = model.effective(group, which).text();
      const std::string* asked = model.text(group, write.file);
      if (*asked == write.expected && holds != *asked)
        refuse(*asked + " would not hold: its ancestors leave " + holds);
    }
    if (thaws && *model.text(group, write.file) == "FROZEN")
      refuse("would stay frozen: one of its ancestors is");
  }
}

using Index = std::map<std::string_view, std::size_t>;

// Files of which an ancestor's counts for its descendants: as a bound, or as all the protection
// there is.
enum class Inherited : std::uint8_t { kNot, kBound, kProtection };

Inherited inherited(std::string_view file) {
  if (file == "memory.min" || file == "memory.low") return Inherited::kProtection;
  for (const std::string_view bound : {"memory.max", "memory.high", "memory.swap.max", "pids.max",
                                       "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"})
    if (file == bound) return Inherited::kBound;
  return Inherited::kNot;
}

// Accepted, and less comes of it than it says: an ancestor has less at the end of the plan.
void note_ancestors(const KernelModel& model, const Index& index, Plan& plan) {
  for (Write& write : plan.writes) {
    const Inherited kind = inherited(write.file);
    const auto asked = finite(write.expected);
    if (kind == Inherited::kNot || write.predicted_errno != 0 || !asked) continue;
    for (auto up = model.parent(index.at(write.at.cgroup)); up; up = model.parent(*up)) {
      const std::string* text = model.text(*up, write.file);
      const auto has = text == nullptr ? std::nullopt : finite(*text);
      if (!has || *has >= *asked) continue;
      if (!write.hazard.empty()) write.hazard += "; ";
      write.hazard += "its ancestor " + model.view().groups[*up].path;
      write.hazard +=
          kind == Inherited::kBound ? " is bounded by " : " is itself protected by only ";
      write.hazard += *text;
      break;
    }
  }
}

std::string shown(const std::string& text) {
  return text.empty() ? "\"\"" : text;
}

}  // namespace

bool Plan::ok() const {
  return refusals.empty() &&
         std::ranges::all_of(writes, [](const Write& write) { return write.predicted_errno == 0; });
}

Plan make_plan(const KernelView& view, std::span<const Wanted> wanted, const PlanOptions& options) {
  KernelModel model(view);
  Index index;
  for (std::size_t i = 0; i < view.groups.size(); ++i) index.emplace(view.groups[i].path, i);
  Plan plan;
  std::vector<Change> changes;
  for (const Wanted& one : wanted) {
    const auto group = index.find(one.cgroup);
    if (group == index.end()) {
      for (const Setting& setting : settings_of(one.limits))
        plan.refusals.push_back(
            {one.cgroup, setting.knob, setting.detail, "there is no such group"});
      continue;
    }
    Translated translated = translate(model, group->second, one.limits, options);
    std::ranges::move(translated.changes, std::back_inserter(changes));
    std::ranges::move(translated.refusals, std::back_inserter(plan.refusals));
  }
  order_changes(model, std::move(changes), plan);
  refuse_clipped(model, plan);
  note_ancestors(model, index, plan);
  return plan;
}

std::string to_text(const Plan& plan) {
  std::string out;
  for (const Write& write : plan.writes) {
    out += write.predicted_errno != 0 ? "! " : "  ";
    out += write.at.cgroup + " " + write.file + ": ";
    if (!write.key.empty()) out += write.key + " ";
    out += shown(write.old_text) + " -> " + shown(write.new_text) + "  # " + write.reason;
    if (!write.hazard.empty()) out += "; " + write.hazard;
    out += '\n';
  }
  for (const Refusal& refusal : plan.refusals) {
    out += "! " + refusal.cgroup + " " + std::string(name_of(refusal.knob));
    if (!refusal.detail.empty()) out += " " + refusal.detail;
    out += ": refused, " + refusal.reason + '\n';
  }
  return out;
}

}  // namespace plimsoll::limit
