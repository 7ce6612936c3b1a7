// kernel/sched/core.c and fair.c.
#include <algorithm>
#include <cerrno>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

constexpr std::uint64_t kMaxRuntime = (std::uint64_t{1} << 44) - 1;  // MAX_BW
constexpr std::uint64_t kMaxUsec = ~std::uint64_t{0} / 1000;         // Must survive as nanoseconds.

bool is_idle(const Attempt& attempt) {
  const std::string* idle = attempt.model.text(attempt.group, "cpu.idle");
  return idle != nullptr && *idle == "1";
}

// cpu_shares_write_u64: clamped, never refused, unless the group is idle.
Verdict shares(const Attempt& attempt) {
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value || attempt.is_root() || is_idle(attempt)) return refuse(EINVAL);
  return store(std::to_string(std::clamp<std::uint64_t>(*value, 2, 262'144)));
}

// cpu_weight_write_u64.
Verdict weight(const Attempt& attempt) {
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  if (*value < 1 || *value > 10'000) return refuse(ERANGE);
  if (is_idle(attempt)) return refuse(EINVAL);
  return store(std::to_string(*value));
}

// sched_group_set_idle: an idle group weighs 3 of 1024, and afterwards what a new one does; only a
// change counts.
Verdict idle(const Attempt& attempt) {
  Verdict verdict = flag_rule(attempt);
  if (verdict.os_error != 0 || attempt.text == attempt.now()) return verdict;
  const bool on = attempt.text == "1";
  if (attempt.model.text(attempt.group, "cpu.shares") != nullptr)
    verdict.also = {"cpu.shares", on ? "3" : "1024"};
  else if (attempt.model.text(attempt.group, "cpu.weight") != nullptr)
    verdict.also = {"cpu.weight", on ? "0" : "100"};
  return verdict;
}

struct Bandwidth {
  std::optional<std::uint64_t> quota;
  std::uint64_t period = 100'000;
  std::uint64_t burst = 0;
};

std::uint64_t number_in(const KernelModel& model, std::size_t group, std::string_view file,
                        std::uint64_t otherwise) {
  const std::string* text = model.text(group, file);
  return text == nullptr ? otherwise : to_number<std::uint64_t>(*text).value_or(otherwise);
}

Bandwidth bandwidth_v1(const KernelModel& model, std::size_t group) {
  const std::string* quota = model.text(group, "cpu.cfs_quota_us");
  return {quota == nullptr ? std::nullopt : finite(*quota),
          number_in(model, group, "cpu.cfs_period_us", 100'000),
          number_in(model, group, "cpu.cfs_burst_us", 0)};
}

// tg_set_cfs_bandwidth, tg_set_bandwidth.
bool in_range(const Bandwidth& b) {
  if (b.period < 1000 || b.period > 1'000'000 || b.burst > kMaxUsec) return false;
  if (!b.quota) return true;
  return *b.quota >= 1000 && *b.quota <= kMaxRuntime && b.burst <= *b.quota &&
         b.burst + *b.quota <= kMaxRuntime;
}

// to_ratio: in units of 2^-20 CPU; nothing: no bound.
std::optional<std::uint64_t> ratio(const Bandwidth& b) {
  if (!b.quota) return std::nullopt;
  return (*b.quota << 20) / std::max<std::uint64_t>(1, b.period);
}

// The groups below have no more than `bound`; what is below one that has a bound was checked
// against it.
bool holds_below(const KernelModel& model, std::size_t group, std::optional<std::uint64_t> bound) {
  if (!bound) return true;
  return std::ranges::all_of(model.children(group), [&](std::size_t child) {
    const auto own = ratio(bandwidth_v1(model, child));
    return own ? *own <= *bound : holds_below(model, child, bound);
  });
}

// tg_cfs_schedulable_down: on v1 no group may have more than its ancestors.
Verdict set_v1(const Attempt& attempt, const Bandwidth& b, std::string stored) {
  if (attempt.is_root() || !in_range(b)) return refuse(EINVAL);
  std::optional<std::uint64_t> above;
  for (auto up = attempt.model.parent(attempt.group); up && !above; up = attempt.model.parent(*up))
    above = ratio(bandwidth_v1(attempt.model, *up));
  const auto own = ratio(b);
  if (own && above && *own > *above) return refuse(EINVAL);
  if (!holds_below(attempt.model, attempt.group, own ? own : above)) return refuse(EINVAL);
  return store(std::move(stored));
}

Verdict quota(const Attempt& attempt) {
  Bandwidth b = bandwidth_v1(attempt.model, attempt.group);
  const auto value = to_number<std::int64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  b.quota.reset();
  if (*value >= 0) b.quota = static_cast<std::uint64_t>(*value);
  return set_v1(attempt, b, *value < 0 ? "-1" : std::to_string(*value));
}

Verdict period(const Attempt& attempt) {
  Bandwidth b = bandwidth_v1(attempt.model, attempt.group);
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  b.period = *value;
  return set_v1(attempt, b, std::to_string(*value));
}

Verdict burst_v1(const Attempt& attempt) {
  Bandwidth b = bandwidth_v1(attempt.model, attempt.group);
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  b.burst = *value;
  return set_v1(attempt, b, std::to_string(*value));
}

Bandwidth bandwidth_v2(const KernelModel& model, std::size_t group) {
  Bandwidth b;
  const std::string* max = model.text(group, "cpu.max");
  std::string_view rest = max == nullptr ? "max 100000" : std::string_view(*max);
  std::string_view word;
  if (next_word(rest, word)) b.quota = finite(word);
  if (next_word(rest, word)) b.period = to_number<std::uint64_t>(word).value_or(100'000);
  b.burst = number_in(model, group, "cpu.max.burst", 0);
  return b;
}

// cpu_max_write: both at once, or the quota alone. An ancestor's bound clips, it does not refuse.
Verdict max(const Attempt& attempt) {
  Bandwidth b = bandwidth_v2(attempt.model, attempt.group);
  std::string_view rest = attempt.text;
  std::string_view word;
  if (!next_word(rest, word)) return refuse(EINVAL);
  b.quota = word == "max" ? std::nullopt : to_number<std::uint64_t>(word);
  if (word != "max" && !b.quota) return refuse(EINVAL);
  const std::string stored(word);
  if (next_word(rest, word)) b.period = to_number<std::uint64_t>(word).value_or(0);
  if (!in_range(b)) return refuse(EINVAL);
  return store(stored + " " + std::to_string(b.period));
}

Verdict burst_v2(const Attempt& attempt) {
  Bandwidth b = bandwidth_v2(attempt.model, attempt.group);
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  b.burst = *value;
  return in_range(b) ? store(std::to_string(*value)) : refuse(EINVAL);
}

constexpr RuleRow kRules[] = {{"cpu.shares", shares},
                              {"cpu.weight", weight},
                              {"cpu.idle", idle},
                              {"cpu.cfs_quota_us", quota},
                              {"cpu.cfs_period_us", period},
                              {"cpu.cfs_burst_us", burst_v1},
                              {"cpu.max", max},
                              {"cpu.max.burst", burst_v2}};

}  // namespace

std::span<const RuleRow> cpu_rules() {
  return kRules;
}

}  // namespace plimsoll::limit
