// mm/memcontrol.c, mm/memcontrol-v1.c, mm/hugetlb_cgroup.c. What a limit below the usage leads to
// depends on what can be reclaimed: such writes count as accepted here.
#include <cerrno>

#include "base/number.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

std::string bytes_v1(std::optional<std::uint64_t> pages, std::uint64_t page_size) {
  return pages ? std::to_string(*pages * page_size) : unlimited_bytes(page_size);
}

// No limit is above every other.
std::uint64_t height(std::optional<std::uint64_t> bytes) {
  return bytes.value_or(~std::uint64_t{0});
}

std::optional<std::uint64_t> limit_in(const Attempt& attempt, std::string_view file) {
  const std::string* text = attempt.model.text(attempt.group, file);
  return text == nullptr ? std::nullopt : finite(*text);
}

Verdict bytes_rule_v1(const Attempt& attempt) {
  const std::uint64_t page = attempt.model.view().page_size;
  const auto pages = parse_pages(attempt.text, "-1", page);
  if (!pages || attempt.is_root()) return refuse(EINVAL);
  return store(bytes_v1(*pages, page));
}

// mem_cgroup_resize_max: memory is never above memory and swap.
Verdict limit_v1(const Attempt& attempt) {
  Verdict verdict = bytes_rule_v1(attempt);
  if (verdict.os_error == 0 &&
      height(finite(verdict.stored)) > height(limit_in(attempt, "memory.memsw.limit_in_bytes")))
    return refuse(EINVAL);
  return verdict;
}

Verdict memsw_v1(const Attempt& attempt) {
  Verdict verdict = bytes_rule_v1(attempt);
  if (verdict.os_error == 0 &&
      height(finite(verdict.stored)) < height(limit_in(attempt, "memory.limit_in_bytes")))
    return refuse(EINVAL);
  return verdict;
}

Verdict swappiness(const Attempt& attempt) {
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value || *value > 200) return refuse(EINVAL);
  return store(std::to_string(*value));
}

// Reads as three lines, is written as a flag.
Verdict oom_control(const Attempt& attempt) {
  if (attempt.is_root() || flag_rule(attempt).os_error != 0) return refuse(EINVAL);
  std::string text(attempt.now());
  constexpr std::string_view kKey = "oom_kill_disable ";
  const std::size_t at = text.find(kKey);
  if (at == std::string::npos) return refuse(EINVAL);
  text.replace(at + kKey.size(), 1, attempt.text);
  return store(std::move(text));
}

Verdict bytes_rule_v2(const Attempt& attempt) {
  const std::uint64_t page = attempt.model.view().page_size;
  const auto pages = parse_pages(attempt.text, "max", page);
  if (!pages) return refuse(EINVAL);
  return store(*pages ? std::to_string(**pages * page) : "max");
}

constexpr RuleRow kRules[] = {{"memory.limit_in_bytes", limit_v1},
                              {"memory.memsw.limit_in_bytes", memsw_v1},
                              {"memory.soft_limit_in_bytes", bytes_rule_v1},
                              {"memory.swappiness", swappiness},
                              {"memory.oom_control", oom_control},
                              {"memory.min", bytes_rule_v2},
                              {"memory.low", bytes_rule_v2},
                              {"memory.high", bytes_rule_v2},
                              {"memory.max", bytes_rule_v2},
                              {"memory.swap.max", bytes_rule_v2},
                              {"memory.oom.group", flag_rule}};

}  // namespace

std::span<const RuleRow> memory_rules() {
  return kRules;
}

// hugetlb_cgroup_write: whole huge pages; unlimited, too, is rounded down to them.
Verdict hugetlb_rule(const Attempt& attempt) {
  constexpr std::string_view kPrefix = "hugetlb.";
  const bool v1 = attempt.file.ends_with(".limit_in_bytes");
  const std::string_view rest = attempt.file.substr(kPrefix.size());
  const auto huge = page_size_named(rest.substr(0, rest.find('.')));
  const std::uint64_t page = attempt.model.view().page_size;
  const auto pages = parse_pages(attempt.text, v1 ? "-1" : "max", page);
  if (!huge || !pages || attempt.is_root() || *huge < page) return refuse(EINVAL);
  const auto most = to_number<std::uint64_t>(unlimited_bytes(page));
  if (!*pages) return store(v1 ? std::to_string(*most / *huge * *huge) : "max");
  const std::uint64_t bytes = **pages * page / *huge * *huge;
  if (!v1 && bytes == *most / *huge * *huge) return store("max");
  return store(std::to_string(bytes));
}

}  // namespace plimsoll::limit
