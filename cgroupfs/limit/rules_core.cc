// kernel/cgroup/cgroup.c, pids.c, legacy_freezer.c.
#include <algorithm>
#include <array>
#include <cerrno>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

// pids_max_write.
Verdict pids_max(const Attempt& attempt) {
  constexpr std::uint64_t kMostPids = std::uint64_t{4} << 20;  // PID_MAX_LIMIT
  if (attempt.text == "max") return store("max");
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value || *value > kMostPids) return refuse(EINVAL);
  return store(std::to_string(*value));
}

// freezer_write. The state of a group below a frozen one stays frozen.
Verdict freezer_state(const Attempt& attempt) {
  if (attempt.text != "FROZEN" && attempt.text != "THAWED") return refuse(EINVAL);
  const bool self = attempt.text == "FROZEN";
  bool above = false;
  for (auto up = attempt.model.parent(attempt.group); up; up = attempt.model.parent(*up)) {
    const std::string* freezing = attempt.model.text(*up, "freezer.self_freezing");
    above = above || (freezing != nullptr && *freezing == "1");
  }
  Verdict verdict = store(self || above ? "FROZEN" : "THAWED");
  verdict.also = {"freezer.self_freezing", self ? "1" : "0"};
  return verdict;
}

// cgroup_freeze_write.
Verdict freeze(const Attempt& attempt) {
  const auto value = to_number<std::int64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  if (*value < 0 || *value > 1) return refuse(ERANGE);
  return store(std::to_string(*value));
}

bool any_domain(std::string_view enabled) {
  for (std::string_view word; next_word(enabled, word);)
    if (!is_threaded(word)) return true;
  return false;
}

// cgroup_vet_subtree_control_enable: no process beside children that share a resource with it.
int vet_enable(const Attempt& attempt, std::string_view controller) {
  if (attempt.is_root()) return 0;
  const KernelModel& model = attempt.model;
  const std::string* type = model.text(attempt.group, "cgroup.type");
  const bool threaded = type != nullptr && *type != "domain";
  if (threaded && !is_threaded(controller)) return EOPNOTSUPP;
  if (threaded) return *type == "domain invalid" ? EOPNOTSUPP : 0;
  const std::size_t hierarchy = *model.view().unified;
  if (!model.view().groups[attempt.group].processes.test(hierarchy)) return 0;
  const bool populated_child =
      std::ranges::any_of(model.children(attempt.group),
                          [&](std::size_t child) { return model.populated(child, hierarchy); });
  return is_threaded(controller) && !populated_child && !any_domain(attempt.now()) ? 0 : EBUSY;
}

// cgroup_subtree_control_write, one controller at a time.
Verdict subtree_control(const Attempt& attempt) {
  const std::string_view controller =
      attempt.text.substr(std::min<std::size_t>(1, attempt.text.size()));
  const bool on = attempt.text.starts_with('+');
  if (controller.empty() || (!on && !attempt.text.starts_with('-'))) return refuse(EINVAL);
  const std::string* offered = attempt.model.text(attempt.group, "cgroup.controllers");
  const bool enabled = has_word(attempt.now(), controller);
  if (on == enabled) return store(std::string(attempt.now()));
  std::string list;
  if (on) {
    if (offered == nullptr || !has_word(*offered, controller)) return refuse(ENOENT);
    if (const int os_error = vet_enable(attempt, controller); os_error != 0)
      return refuse(os_error);
    list = attempt.now();
    return store(list.append(list.empty() ? "" : " ").append(controller));
  }
  for (const std::size_t child : attempt.model.children(attempt.group)) {
    const std::string* below = attempt.model.text(child, "cgroup.subtree_control");
    if (below != nullptr && has_word(*below, controller)) return refuse(EBUSY);
  }
  std::string_view rest = attempt.now();
  for (std::string_view word; next_word(rest, word);)
    if (word != controller) list.append(list.empty() ? "" : " ").append(word);
  return store(list);
}

constexpr RuleRow kRules[] = {{"pids.max", pids_max},
                              {"freezer.state", freezer_state},
                              {"cgroup.freeze", freeze},
                              {"cgroup.subtree_control", subtree_control}};

}  // namespace

bool has_word(std::string_view text, std::string_view wanted) {
  for (std::string_view word; next_word(text, word);)
    if (word == wanted) return true;
  return false;
}

bool is_threaded(std::string_view controller) {
  constexpr std::array<std::string_view, 4> kThreaded = {"cpu", "cpuset", "perf_event", "pids"};
  return std::ranges::find(kThreaded, controller) != kThreaded.end();
}

std::span<const RuleRow> core_rules() {
  return kRules;
}

}  // namespace plimsoll::limit
