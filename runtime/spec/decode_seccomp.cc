#include <linux/seccomp.h>

#include <algorithm>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

Result<SeccompAction> read_action(const Node& node) {
  static constexpr Word<SeccompAction> kActions[] = {
      {"SCMP_ACT_KILL", SeccompAction::kKillThread},
      {"SCMP_ACT_KILL_PROCESS", SeccompAction::kKillProcess},
      {"SCMP_ACT_KILL_THREAD", SeccompAction::kKillThread},
      {"SCMP_ACT_TRAP", SeccompAction::kTrap},
      {"SCMP_ACT_ERRNO", SeccompAction::kErrno},
      {"SCMP_ACT_TRACE", SeccompAction::kTrace},
      {"SCMP_ACT_ALLOW", SeccompAction::kAllow},
      {"SCMP_ACT_LOG", SeccompAction::kLog},
      {"SCMP_ACT_NOTIFY", SeccompAction::kNotify}};
  return word(node, kActions);
}

// An action that has no number must not be given one ("MUST print an error and fail").
Result<std::optional<std::uint32_t>> read_errno(const Node& node, SeccompAction action) {
  constexpr std::uint32_t kMaxErrno = 4095;       // The kernel cuts what is above.
  constexpr std::uint32_t kMaxTraceData = 65535;  // SECCOMP_RET_DATA
  if (node.absent()) return std::optional<std::uint32_t>();
  if (action == SeccompAction::kErrno) return number<std::uint32_t>(node, {.high = kMaxErrno});
  if (action == SeccompAction::kTrace) return number<std::uint32_t>(node, {.high = kMaxTraceData});
  return node.fails("is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
}

Result<std::uint32_t> read_flag(const Node& node) {
  static constexpr Word<std::uint32_t> kFlags[] = {
      {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
      {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
      {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
      {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV}};
  return word(node, kFlags);
}

Result<std::string> read_architecture(const Node& node) {
  std::string name = PLIMSOLL_TRY(required_text(node));
  if (!name.starts_with("SCMP_ARCH_"))
    return node.fails("must be a name such as SCMP_ARCH_X86_64, not " + name);
  return name;
}

Result<SeccompArgument> read_argument(const Node& node) {
  static constexpr Word<SeccompOperator> kOperators[] = {
      {"SCMP_CMP_NE", SeccompOperator::kNotEqual},
      {"SCMP_CMP_LT", SeccompOperator::kLess},
      {"SCMP_CMP_LE", SeccompOperator::kLessOrEqual},
      {"SCMP_CMP_EQ", SeccompOperator::kEqual},
      {"SCMP_CMP_GE", SeccompOperator::kGreaterOrEqual},
      {"SCMP_CMP_GT", SeccompOperator::kGreater},
      {"SCMP_CMP_MASKED_EQ", SeccompOperator::kMaskedEqual}};
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  SeccompArgument argument;
  argument.index = PLIMSOLL_TRY(required_number<std::uint32_t>(node["index"], {.high = 5}));
  argument.value = PLIMSOLL_TRY(required_number<std::uint64_t>(node["value"]));
  argument.value_two = PLIMSOLL_TRY(number_or<std::uint64_t>(node["valueTwo"], 0));
  argument.op = PLIMSOLL_TRY(word(node["op"], kOperators));
  return argument;
}

Result<SeccompRule> read_rule(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  SeccompRule rule;
  rule.names = PLIMSOLL_TRY(list(node["names"], required_text));
  if (rule.names.empty()) return node["names"].fails("must name a system call");
  rule.action = PLIMSOLL_TRY(read_action(node["action"]));
  rule.errno_return = PLIMSOLL_TRY(read_errno(node["errnoRet"], rule.action));
  rule.arguments = PLIMSOLL_TRY(list(node["args"], read_argument));
  return rule;
}

Result<> check_listener(const Node& node, const Seccomp& seccomp) {
  const bool notifies = std::ranges::any_of(
      seccomp.rules, [](const SeccompRule& rule) { return rule.action == SeccompAction::kNotify; });
  // The sendmsg that hands the listener over would wait for the listener.
  if (seccomp.default_action == SeccompAction::kNotify)
    return node["defaultAction"].fails("must not be SCMP_ACT_NOTIFY: nobody listens yet");
  if (notifies && seccomp.listener_path.empty())
    return node["listenerPath"].fails("is required by SCMP_ACT_NOTIFY");
  if (seccomp.listener_path.empty() && !seccomp.listener_metadata.empty())
    return node["listenerMetadata"].fails("needs listenerPath");
  if (!notifies && !seccomp.listener_path.empty())
    node["listenerPath"].warn("no rule has SCMP_ACT_NOTIFY: nothing is sent there");
  return {};
}

}  // namespace

Result<Seccomp> read_seccomp(const Node& node) {
  Seccomp seccomp;
  seccomp.default_action = PLIMSOLL_TRY(read_action(node["defaultAction"]));
  seccomp.default_errno_return =
      PLIMSOLL_TRY(read_errno(node["defaultErrnoRet"], seccomp.default_action));
  seccomp.architectures = PLIMSOLL_TRY(list(node["architectures"], read_architecture));
  const auto flags = PLIMSOLL_TRY(list(node["flags"], read_flag));
  for (const std::uint32_t flag : flags) seccomp.flags |= flag;
  seccomp.listener_path = PLIMSOLL_TRY(absolute_path(node["listenerPath"]));
  seccomp.listener_metadata = PLIMSOLL_TRY(text(node["listenerMetadata"]));
  seccomp.rules = PLIMSOLL_TRY(list(node["syscalls"], read_rule));
  PLIMSOLL_TRY(check_listener(node, seccomp));
  return seccomp;
}

}  // namespace plimsoll::spec
