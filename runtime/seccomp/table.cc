#include "runtime/seccomp/table.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <span>

namespace plimsoll::seccomp {

namespace {

using spec::SeccompAction;
using spec::SeccompArgument;
using spec::SeccompOperator;
using spec::SeccompRule;

// One thing that one rule says about one number.
struct Statement {
  std::uint32_t number = 0;
  std::uint32_t result = 0;
  const std::vector<SeccompArgument>* arguments = nullptr;  // Null: behind a multiplexer.
  std::uint32_t selector = 0;                               // Then its first argument.
};

bool has_argument_twice(const std::vector<SeccompArgument>& arguments) {
  unsigned seen = 0;
  for (const SeccompArgument& argument : arguments) {
    const unsigned bit = 1U << argument.index;
    if ((seen & bit) != 0) return true;
    seen |= bit;
  }
  return false;
}

bool permits(std::uint32_t result) {
  return result == SECCOMP_RET_ALLOW || result == SECCOMP_RET_LOG;
}

void append_branches(std::vector<Branch>& branches, const Statement& statement) {
  if (statement.arguments == nullptr) {
    SeccompArgument chosen;
    chosen.value = statement.selector;
    chosen.op = SeccompOperator::kEqual;
    branches.push_back({{chosen}, statement.result});
  } else if (has_argument_twice(*statement.arguments)) {
    for (const SeccompArgument& argument : *statement.arguments)
      branches.push_back({{argument}, statement.result});
  } else {
    branches.push_back({*statement.arguments, statement.result});
  }
}

// All statements about one number, in their order.
Decision decide(std::span<const Statement> statements, std::uint32_t otherwise) {
  Decision decision{.otherwise = otherwise};
  for (const Statement& statement : statements) {
    if (statement.arguments == nullptr || !statement.arguments->empty()) continue;
    decision.otherwise = statement.result;
    return decision;
  }
  for (const Statement& statement : statements) append_branches(decision.branches, statement);
  return decision;
}

// Arm has calls of its own far above the common ones: they say nothing about how new a profile is.
bool counts_as_newest(Arch arch, std::uint32_t number) {
  constexpr std::uint32_t kArmPrivate = 0x0F0000;
  return arch != Arch::kArm || number < kArmPrivate;
}

}  // namespace

std::uint32_t return_value(SeccompAction action, std::optional<std::uint32_t> errno_return) {
  switch (action) {
    case SeccompAction::kKillThread:
      return SECCOMP_RET_KILL_THREAD;
    case SeccompAction::kKillProcess:
      return SECCOMP_RET_KILL_PROCESS;
    case SeccompAction::kTrap:
      return SECCOMP_RET_TRAP;
    case SeccompAction::kErrno:
      return SECCOMP_RET_ERRNO | errno_return.value_or(EPERM);
    case SeccompAction::kTrace:
      return SECCOMP_RET_TRACE | errno_return.value_or(EPERM);
    case SeccompAction::kAllow:
      return SECCOMP_RET_ALLOW;
    case SeccompAction::kLog:
      return SECCOMP_RET_LOG;
    case SeccompAction::kNotify:
      return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

std::vector<ResolvedRule> resolve(const spec::Seccomp& seccomp) {
  std::vector<ResolvedRule> rules;
  rules.reserve(seccomp.rules.size());
  for (const SeccompRule& rule : seccomp.rules) {
    ResolvedRule& resolved = rules.emplace_back();
    resolved.rule = &rule;
    resolved.result = return_value(rule.action, rule.errno_return);
    resolved.calls.reserve(rule.names.size());
    for (const std::string& name : rule.names) resolved.calls.push_back(find_call(name));
  }
  return rules;
}

Table make_table(const spec::Seccomp& seccomp, const std::vector<ResolvedRule>& rules, Arch arch) {
  const std::uint32_t otherwise =
      return_value(seccomp.default_action, seccomp.default_errno_return);
  Table table;
  std::vector<Statement> all;
  for (const ResolvedRule& resolved : rules) {
    const std::vector<SeccompArgument>& arguments = resolved.rule->arguments;
    // The filter cannot look behind socketcall's pointer: with conditions, what permits is left
    // out, and what refuses refuses all.
    const bool everywhere = arguments.empty() || !permits(resolved.result);
    for (std::size_t i = 0; i < resolved.calls.size(); ++i) {
      const auto number = number_of(arch, resolved.calls[i]);
      if (number && counts_as_newest(arch, *number))
        table.newest = std::max(table.newest.value_or(0), *number);
      if (resolved.result == otherwise) continue;
      if (number) all.push_back({*number, resolved.result, &arguments});
      const auto selected = multiplexed(arch, resolved.rule->names[i]);
      if (selected && everywhere)
        all.push_back({selected->number, resolved.result, nullptr, selected->selector});
    }
  }
  std::ranges::stable_sort(all, {}, &Statement::number);
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::find_if(first, all.end(), [first](const Statement& statement) {
      return statement.number != first->number;
    });
    table.decisions.emplace_back(first->number, decide({first, last}, otherwise));
    table.decisions.back().second.has_64_bits = has_64_bits(arch);
    first = last;
  }
  return table;
}

}  // namespace plimsoll::seccomp
