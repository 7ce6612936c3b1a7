#include "runtime/cgroup/device_policy.h"

#include <algorithm>
#include <string_view>

namespace plimsoll::runtime {
namespace {

using Type = spec::DeviceRule::Type;

bool covers(const DeviceMatch& wide, const DeviceMatch& narrow) {
  return wide.type == narrow.type && (!wide.major || wide.major == narrow.major) &&
         (!wide.minor || wide.minor == narrow.minor);
}

// Some device is meant by both.
bool meet(const DeviceMatch& a, const DeviceMatch& b) {
  const auto agree = [](const auto& x, const auto& y) { return !x || !y || x == y; };
  return a.type == b.type && agree(a.major, b.major) && agree(a.minor, b.minor);
}

std::string text_of(const DeviceMatch& match) {
  const auto number = [](std::optional<std::uint32_t> value) {
    return value ? std::to_string(*value) : std::string("*");
  };
  return std::string(match.type == Type::kBlock ? "b " : "c ") + number(match.major) + ":" +
         number(match.minor);
}

std::string letters(std::uint32_t access) {
  std::string text;
  if ((access & kRead) != 0) text += 'r';
  if ((access & kWrite) != 0) text += 'w';
  if ((access & kMknod) != 0) text += 'm';
  return text;
}

// v1 looks for one exception that has all that is asked for, so a narrow one has what a wider one
// has, too.
void except(const DeviceMatch& match, std::uint32_t access, DevicePolicy& policy) {
  std::uint32_t wider = 0;
  DeviceException* same = nullptr;
  for (DeviceException& one : policy.exceptions) {
    if (one.match == match)
      same = &one;
    else if (covers(one.match, match))
      wider |= one.access;
    else if (covers(match, one.match))
      one.access |= access;
  }
  if (same != nullptr)
    same->access |= access;
  else if ((access & ~wider) != 0)
    policy.exceptions.push_back({match, access | wider});
}

Result<> back_to_rest(const DeviceMatch& match, std::uint32_t access, DevicePolicy& policy) {
  for (DeviceException& one : policy.exceptions) {
    if (covers(match, one.match))
      one.access &= ~access;
    else if (meet(match, one.match) && (one.access & access) != 0)
      return invalid_input("devices", "the rule for " + text_of(match) + " " + letters(access) +
                                          " would leave a hole in the one for " +
                                          text_of(one.match) + " " + letters(one.access));
  }
  std::erase_if(policy.exceptions, [](const DeviceException& one) { return one.access == 0; });
  return {};
}

Result<> apply(const spec::DeviceRule& rule, Type type, DevicePolicy& policy) {
  const std::uint32_t access =
      (rule.read ? kRead : 0U) | (rule.write ? kWrite : 0U) | (rule.mknod ? kMknod : 0U);
  const DeviceMatch match{type, rule.major, rule.minor};
  if (rule.allow == (policy.rest == DevicePolicy::Rest::kAllow))
    return back_to_rest(match, access, policy);
  except(match, access, policy);
  return {};
}

struct Default {
  Type type{};
  std::optional<std::uint32_t> major, minor;
  std::uint32_t access = 0;
};
constexpr std::uint32_t kAll = kRead | kWrite | kMknod;
constexpr Default kDefaults[] = {
    {Type::kCharacter, {}, {}, kMknod}, {Type::kBlock, {}, {}, kMknod},
    {Type::kCharacter, 1, 3, kAll},     // null
    {Type::kCharacter, 1, 5, kAll},     // zero
    {Type::kCharacter, 1, 7, kAll},     // full
    {Type::kCharacter, 1, 8, kAll},     // random
    {Type::kCharacter, 1, 9, kAll},     // urandom
    {Type::kCharacter, 5, 0, kAll},     // tty
    {Type::kCharacter, 5, 2, kAll},     // ptmx
    {Type::kCharacter, 136, {}, kAll},  // The terminals of devpts.
};

}  // namespace

Result<DevicePolicy> bare_policy_of(const std::vector<spec::DeviceRule>& rules) {
  DevicePolicy policy;
  for (const spec::DeviceRule& rule : rules) {
    if (rule.type == Type::kAll && !rule.major && !rule.minor) {
      policy.rest = rule.allow ? DevicePolicy::Rest::kAllow : DevicePolicy::Rest::kDeny;
      policy.exceptions.clear();
      continue;
    }
    if (rule.type != Type::kBlock) PLIMSOLL_TRY(apply(rule, Type::kCharacter, policy));
    if (rule.type != Type::kCharacter) PLIMSOLL_TRY(apply(rule, Type::kBlock, policy));
  }
  return policy;
}

Result<DevicePolicy> policy_of(const std::vector<spec::DeviceRule>& rules) {
  DevicePolicy policy = PLIMSOLL_TRY(bare_policy_of(rules));
  if (policy.rest == DevicePolicy::Rest::kAllow) return policy;
  for (const Default& one : kDefaults) except({one.type, one.major, one.minor}, one.access, policy);
  return policy;
}

std::string v1_text(const DeviceException& exception) {
  return text_of(exception.match) + " " + letters(exception.access);
}

}  // namespace plimsoll::runtime
