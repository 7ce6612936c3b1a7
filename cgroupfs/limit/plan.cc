#include "cgroupfs/limit/plan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/order.h"
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
  std::map<std::string_view, std::size_t> index;
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
