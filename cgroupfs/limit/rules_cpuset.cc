// kernel/cgroup/cpuset.c: update_cpumask, update_nodemask, validate_change,
// cpuset1_validate_change.
#include <algorithm>
#include <cerrno>

#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

constexpr std::uint32_t kMaxNodes = 1024;  // MAX_NUMNODES of distributions' kernels.

IdSet ids_of(const KernelModel& model, std::size_t group, std::string_view file) {
  const std::string* text = model.text(group, file);
  return text == nullptr ? IdSet() : IdSet::parse(*text).value_or(IdSet());
}

// Every child is a part of us, we are one of our parent: v1 only.
int nesting(const Attempt& attempt, const IdSet& ids) {
  for (const std::size_t child : attempt.model.children(attempt.group))
    if (!ids_of(attempt.model, child, attempt.file).subset_of(ids)) return EBUSY;
  const auto above = attempt.model.parent(attempt.group);
  if (above && !ids.subset_of(ids_of(attempt.model, *above, attempt.file))) return EACCES;
  return 0;
}

// Two siblings share nothing once one of them is exclusive.
bool overlaps_exclusive(const Attempt& attempt, const IdSet& ids) {
  const auto above = attempt.model.parent(attempt.group);
  if (!above) return false;
  const std::string_view flag =
      attempt.file == "cpuset.cpus" ? "cpuset.cpu_exclusive" : "cpuset.mem_exclusive";
  const auto is_exclusive = [&](std::size_t group) {
    const std::string* text = attempt.model.text(group, flag);
    return text != nullptr && *text == "1";
  };
  return std::ranges::any_of(attempt.model.children(*above), [&](std::size_t sibling) {
    return sibling != attempt.group && (is_exclusive(sibling) || is_exclusive(attempt.group)) &&
           !ids_of(attempt.model, sibling, attempt.file).intersected(ids).empty();
  });
}

Verdict ids_rule(const Attempt& attempt) {
  const KernelView& view = attempt.model.view();
  const KernelView::Controlled cpuset = view.of(cgroupfs::Controller::kCpuset);
  if (attempt.is_root()) return refuse(EACCES);
  const bool cpus = attempt.file == "cpuset.cpus";
  const Result<IdSet> parsed = IdSet::parse(attempt.text);
  if (!parsed) return refuse(EINVAL);
  const std::uint32_t end = cpus ? view.cpu_ids : kMaxNodes;
  if (end != 0 && !parsed->empty() && parsed->ranges().back().last >= end) return refuse(ERANGE);
  if (!parsed->subset_of(cpus ? view.cpus : view.mems)) return refuse(EINVAL);
  const std::string text = parsed->text();
  if (text == attempt.now()) return store(text);
  if (cpuset.version == 1) {
    if (const int os_error = nesting(attempt, *parsed); os_error != 0) return refuse(os_error);
  }
  if (parsed->empty() && !attempt.now().empty() &&
      attempt.model.populated(attempt.group, cpuset.hierarchy))
    return refuse(ENOSPC);
  if (cpuset.version == 1 && overlaps_exclusive(attempt, *parsed)) return refuse(EINVAL);
  return store(text);
}

constexpr RuleRow kRules[] = {{"cpuset.cpus", ids_rule}, {"cpuset.mems", ids_rule}};

}  // namespace

std::span<const RuleRow> cpuset_rules() {
  return kRules;
}

}  // namespace plimsoll::limit
