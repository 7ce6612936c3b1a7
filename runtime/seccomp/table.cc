#include "runtime/seccomp/table.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>

namespace plimsoll::seccomp {

namespace {

using spec::SeccompAction;
using spec::SeccompArgument;
using spec::SeccompOperator;
using spec::SeccompRule;

struct Building {
  std::vector<Branch> branches;
  std::optional<std::uint32_t> always;
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

void add(Building& call, const std::vector<SeccompArgument>& arguments, std::uint32_t result) {
  if (arguments.empty()) {
    if (!call.always) call.always = result;
  } else if (has_argument_twice(arguments)) {
    for (const SeccompArgument& argument : arguments) call.branches.push_back({{argument}, result});
  } else {
    call.branches.push_back({arguments, result});
  }
}

bool permits(std::uint32_t result) {
  return result == SECCOMP_RET_ALLOW || result == SECCOMP_RET_LOG;
}

// The filter cannot look behind socketcall's pointer: with conditions, what permits is left out,
// and what refuses refuses all.
void add_selected(Building& multiplexer, const SeccompRule& rule, std::uint32_t selector,
                  std::uint32_t result) {
  if (!rule.arguments.empty() && permits(result)) return;
  SeccompArgument chosen;
  chosen.value = selector;
  chosen.op = SeccompOperator::kEqual;
  add(multiplexer, {chosen}, result);
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

Table make_table(const spec::Seccomp& seccomp, Arch arch) {
  const std::uint32_t otherwise =
      return_value(seccomp.default_action, seccomp.default_errno_return);
  Table table;
  std::map<std::uint32_t, Building> calls;
  for (const SeccompRule& rule : seccomp.rules) {
    const std::uint32_t result = return_value(rule.action, rule.errno_return);
    for (const std::string& name : rule.names) {
      const auto number = number_of(arch, name);
      if (number && counts_as_newest(arch, *number))
        table.newest = std::max(table.newest.value_or(0), *number);
      if (result == otherwise) continue;
      if (number) add(calls[*number], rule.arguments, result);
      if (const auto selected = multiplexed(arch, name))
        add_selected(calls[selected->number], rule, selected->selector, result);
    }
  }
  for (auto& [number, call] : calls) {
    Decision decision{.otherwise = call.always.value_or(otherwise),
                      .has_64_bits = has_64_bits(arch)};
    if (!call.always) decision.branches = std::move(call.branches);
    table.decisions.emplace(number, std::move(decision));
  }
  return table;
}

}  // namespace plimsoll::seccomp
