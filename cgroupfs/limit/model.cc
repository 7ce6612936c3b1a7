#include "cgroupfs/limit/model.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/knob.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// Files that are spelt the same on v1 and v2 obey the same rule.
Rule find_rule(std::string_view file) {
  for (const auto rows : {cpu_rules(), cpuset_rules(), memory_rules(), io_rules(), core_rules()})
    for (const RuleRow& row : rows)
      if (row.file == file) return row.rule;
  return file.starts_with("hugetlb.") ? hugetlb_rule : nullptr;
}

}  // namespace

const std::string* GroupView::find(std::string_view file) const {
  const auto found = std::ranges::find(files, file, &FileText::name);
  return found == files.end() ? nullptr : &found->text;
}

std::optional<std::size_t> KernelView::index_of(std::string_view path) const {
  const auto found = std::ranges::find(groups, path, &GroupView::path);
  if (found == groups.end()) return std::nullopt;
  return static_cast<std::size_t>(found - groups.begin());
}

Verdict refuse(int os_error) {
  return {.os_error = os_error};
}
Verdict store(std::string text) {
  return {.stored = std::move(text)};
}

Verdict flag_rule(const Attempt& attempt) {
  if (attempt.text != "0" && attempt.text != "1") return refuse(EINVAL);
  return store(std::string(attempt.text));
}

std::string unlimited_bytes(std::uint64_t page_size) {
  constexpr std::uint64_t kLongMax = std::numeric_limits<std::int64_t>::max();
  return std::to_string(kLongMax / page_size * page_size);
}

std::optional<std::optional<std::uint64_t>> parse_pages(std::string_view text,
                                                        std::string_view unlimited,
                                                        std::uint64_t page_size) {
  using Pages = std::optional<std::uint64_t>;
  if (text == unlimited) return Pages();
  const auto bytes = to_number<std::uint64_t>(text);
  if (!bytes) return std::nullopt;
  constexpr std::uint64_t kLongMax = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t pages = *bytes / page_size;
  if (pages >= kLongMax / page_size) return Pages();
  return Pages(pages);
}

std::optional<std::uint64_t> finite(std::string_view text) {
  constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;
  const auto number = to_number<std::uint64_t>(text);
  if (!number || *number >= kUnlimited) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> page_size_named(std::string_view name) {
  if (name.size() < 3) return std::nullopt;
  const std::string_view unit = name.substr(name.size() - 2);
  const auto number = to_number<std::uint64_t>(name.substr(0, name.size() - 2));
  const int shift = unit == "KB" ? 10 : unit == "MB" ? 20 : unit == "GB" ? 30 : 0;
  if (!number || *number == 0 || shift == 0 || *number > (kMost >> 31)) return std::nullopt;
  return *number << shift;
}

bool Verdict::also_differs(const KernelModel& model, std::size_t group) const {
  if (!also) return false;
  const std::string* now = model.text(group, also->first);
  return now != nullptr && *now != also->second;
}

KernelModel::KernelModel(KernelView view) : view_(std::move(view)), children_(view_.groups.size()) {
  for (std::size_t i = 0; i < view_.groups.size(); ++i)
    if (const auto above = view_.groups[i].parent) children_[*above].push_back(i);
}

bool KernelModel::populated(std::size_t group, std::size_t hierarchy) const {
  if (view_.groups[group].processes.test(hierarchy)) return true;
  return std::ranges::any_of(children_[group],
                             [&](std::size_t child) { return populated(child, hierarchy); });
}

Verdict KernelModel::judge(std::size_t group, std::string_view file, std::string_view text) const {
  if (this->text(group, file) == nullptr) return refuse(ENOENT);
  const Rule rule = find_rule(file);
  if (rule == nullptr) return refuse(EPERM);
  return rule({*this, group, file, text});
}

int KernelModel::write(std::size_t group, std::string_view file, std::string_view text) {
  Verdict verdict = judge(group, file, text);
  if (verdict.os_error != 0) return verdict.os_error;
  accept(group, file, text, std::move(verdict));
  return 0;
}

void KernelModel::accept(std::size_t group, std::string_view file, std::string_view text,
                         Verdict verdict) {
  set(group, file, std::move(verdict.stored));
  if (verdict.also) set(group, verdict.also->first, std::move(verdict.also->second));
  after(group, file, text);
}

void KernelModel::set(std::size_t group, std::string_view file, std::string text) {
  auto& files = view_.groups[group].files;
  const auto found = std::ranges::find(files, file, &FileText::name);
  if (found == files.end())
    files.push_back({std::string(file), std::move(text)});
  else
    found->text = std::move(text);
}

// What a write does to other groups.
void KernelModel::after(std::size_t group, std::string_view file, std::string_view text) {
  if (file == "freezer.state") return refresh_freezer(group, false);
  if (file != "cgroup.subtree_control") return;
  const auto controller = cgroupfs::controller_named(text.substr(1));
  const bool on = text.starts_with('+');
  for (const std::size_t child : children_[group]) {
    // The controller is offered below, and its files stand in the children, as new.
    std::string list(this->text(child, "cgroup.controllers") == nullptr
                         ? std::string_view()
                         : *this->text(child, "cgroup.controllers"));
    if (on)
      set(child, "cgroup.controllers", list.append(list.empty() ? "" : " ").append(text.substr(1)));
    if (on && controller == cgroupfs::Controller::kHugetlb)
      for (const std::string& size : view_.huge_page_sizes)
        if (const std::string max = "hugetlb." + size + ".max"; this->text(child, max) == nullptr)
          set(child, max, "max");
    for (const KnobInfo& info : catalogue())
      if (on && info.controller == controller && !info.file_v2.empty() &&
          info.detail != Detail::kPageSize && info.unit != Unit::kKeys)
        if (this->text(child, info.file_v2) == nullptr)
          set(child, info.file_v2,
              info.file_v2 == "cpu.max"                                  ? "max 100000"
              : info.file_v2 == "io.max" || info.file_v2 == "io.latency" ? ""
              : info.file_v2 == "io.weight" || info.file_v2 == "io.bfq.weight"
                  ? "default 100"
                  : std::string(info.default_v2));
  }
}

// kernel/cgroup/legacy_freezer.c: a group is frozen while one of its ancestors is.
void KernelModel::refresh_freezer(std::size_t group, bool frozen_above) {
  if (!frozen_above)
    for (auto above = parent(group); above && !frozen_above; above = parent(*above)) {
      const std::string* self = text(*above, "freezer.self_freezing");
      frozen_above = self != nullptr && *self == "1";
    }
  const std::string* self = text(group, "freezer.self_freezing");
  const bool frozen = frozen_above || (self != nullptr && *self == "1");
  if (text(group, "freezer.state") != nullptr)
    set(group, "freezer.state", frozen ? "FROZEN" : "THAWED");
  for (const std::size_t child : children_[group]) refresh_freezer(child, frozen);
}

IdSet KernelModel::effective(std::size_t group, std::string_view which) const {
  const auto above = parent(group);
  if (!above) return which == "cpus" ? view_.cpus : view_.mems;
  IdSet most = effective(*above, which);
  const std::string* own = text(group, "cpuset." + std::string(which));
  if (own == nullptr) return most;
  const Result<IdSet> asked = IdSet::parse(*own);
  if (!asked || asked->empty()) return most;
  const IdSet common = asked->intersected(most);
  return common.empty() ? most : common;
}

}  // namespace plimsoll::limit
