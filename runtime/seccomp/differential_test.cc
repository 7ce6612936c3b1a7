// The same decisions as libseccomp's, over random filters and random calls.
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <set>
#include <string>

#include "runtime/seccomp/table.h"
#include "runtime/seccomp/test_filters.h"

namespace plimsoll::seccomp {
namespace {

using spec::SeccompAction;
using spec::SeccompArgument;
using spec::SeccompOperator;
using spec::SeccompRule;

// Neighbours, first and last ones; none that i386 has behind socketcall or ipc.
constexpr const char* kCalls[] = {
    "read",        "write",       "open",     "close",
    "clone",       "personality", "ptrace",   "getpid",
    "gettid",      "futex",       "openat2",  "clone3",
    "futex_waitv", "execve",      "execveat", "landlock_restrict_self",
    "time",        "mmap2",       "fcntl64",  "arch_prctl"};
constexpr std::uint64_t kValues[] = {0,           1,           2,          0xffffffff,
                                     0x100000000, 0x100000001, 0x80000000, 0xffffffffffffffff,
                                     0x200000000, 0x7E020000};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  template <class T, std::size_t N>
  T one_of(const T (&all)[N]) {
    return all[below(N)];
  }

 private:
  std::mt19937 engine_;
};

SeccompAction action_for(std::size_t which) {
  static constexpr SeccompAction kActions[] = {SeccompAction::kAllow,       SeccompAction::kErrno,
                                               SeccompAction::kKillProcess, SeccompAction::kTrap,
                                               SeccompAction::kLog,         SeccompAction::kTrace};
  return kActions[which % std::size(kActions)];
}

SeccompRule random_rule(Random& random) {
  SeccompRule rule;
  rule.names = {random.one_of(kCalls)};
  rule.action = action_for(random.below(6));
  if (rule.action == SeccompAction::kErrno) rule.errno_return = 11;
  if (random.below(3) == 0) return rule;
  const std::size_t count = 1 + random.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    SeccompArgument argument;
    argument.index = static_cast<std::uint32_t>(random.below(6));
    argument.value = random.one_of(kValues);
    argument.op = static_cast<SeccompOperator>(random.below(7));
    if (argument.op == SeccompOperator::kMaskedEqual) argument.value_two = random.one_of(kValues);
    rule.arguments.push_back(argument);
  }
  return rule;
}

spec::Seccomp random_filter(Random& random) {
  spec::Seccomp seccomp;
  seccomp.default_action = action_for(random.below(3));
  const std::size_t arches = random.below(4);
  if (arches >= 1) seccomp.architectures.emplace_back("SCMP_ARCH_X86_64");
  if (arches >= 2) seccomp.architectures.emplace_back("SCMP_ARCH_X32");
  const std::size_t rules = 1 + random.below(30);
  for (std::size_t i = 0; i < rules; ++i) seccomp.rules.push_back(random_rule(random));
  return seccomp;
}

bool is_ordering(SeccompOperator op) {
  return op != SeccompOperator::kEqual && op != SeccompOperator::kNotEqual &&
         op != SeccompOperator::kMaskedEqual;
}

// What libseccomp 2.5 gets right: it merges several conditional rules of one call into a tree that
// does not always decide as the rules do, and cuts values to 32 bits where arguments have no more.
spec::Seccomp for_libseccomp(spec::Seccomp seccomp) {
  std::set<std::string> conditional;
  std::set<std::string> unconditional;
  std::erase_if(seccomp.rules, [&](const SeccompRule& rule) {
    std::set<std::string>& seen = rule.arguments.empty() ? unconditional : conditional;
    return !seen.insert(rule.names[0]).second;
  });
  for (SeccompRule& rule : seccomp.rules) {
    for (SeccompArgument& argument : rule.arguments) {
      if (is_ordering(argument.op)) argument.value &= 0xffffffff;
      // A mask that is empty on 32 bits makes a rule without conditions of it.
      if (argument.op == SeccompOperator::kMaskedEqual) argument.value |= 1;
    }
  }
  return seccomp;
}

std::optional<std::uint32_t> newest(const spec::Seccomp& seccomp, Arch arch) {
  std::optional<std::uint32_t> result;
  for (const SeccompRule& rule : seccomp.rules)
    for (const std::string& name : rule.names)
      if (const auto number = number_of(arch, name)) result = std::max(result.value_or(0), *number);
  return result;
}

// runc's addition in front of libseccomp's program.
std::uint32_t expected(const spec::Seccomp& seccomp, const std::vector<sock_filter>& program,
                       const seccomp_data& call, Arch arch) {
  const bool refuses = seccomp.default_action != SeccompAction::kAllow &&
                       seccomp.default_action != SeccompAction::kLog;
  const auto last = newest(seccomp, arch);
  if (refuses && last && static_cast<std::uint32_t>(call.nr) > *last)
    return SECCOMP_RET_ERRNO | ENOSYS;
  return interpret(program, call);
}

std::string describe(const spec::Seccomp& seccomp, const seccomp_data& call, Arch arch) {
  std::string text = " call " + std::to_string(call.nr);
  for (const auto argument : call.args) text += " " + std::to_string(argument);
  for (const SeccompRule& rule : seccomp.rules) {
    if (number_of(arch, rule.names[0]) != static_cast<std::uint32_t>(call.nr)) continue;
    text += "\n" + rule.names[0];
    for (const SeccompArgument& argument : rule.arguments)
      text += " [" + std::to_string(argument.index) + " op " +
              std::to_string(static_cast<int>(argument.op)) + " " + std::to_string(argument.value) +
              " " + std::to_string(argument.value_two) + "]";
  }
  return text;
}

seccomp_data random_call(Random& random, Arch arch) {
  seccomp_data call{};
  call.arch = audit_token(arch);
  const auto named = number_of(arch, random.one_of(kCalls));
  const bool known = named && random.below(4) != 0;
  const auto other =
      static_cast<std::uint32_t>(random.below(470)) | (arch == Arch::kX32 ? kX32Bit : 0);
  call.nr = static_cast<int>(known ? *named : other);
  for (auto& argument : call.args) argument = random.one_of(kValues);
  return call;
}

// Some of libseccomp's programs for x86_64 and x32 never load the number and refuse everything.
bool loads_number(const std::vector<sock_filter>& program) {
  return std::ranges::any_of(program, [](const sock_filter& step) {
    return step.code == (BPF_LD | BPF_W | BPF_ABS) && step.k == 0;
  });
}

void compare(const spec::Seccomp& seccomp, Arch arch, unsigned seed) {
  const auto compiled = compile(seccomp, Arch::kX86_64);
  ASSERT_TRUE(compiled) << compiled.error().message();
  const auto oracle = by_libseccomp(seccomp);
  if (!loads_number(oracle)) return;
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    const seccomp_data call = random_call(random, arch);
    ASSERT_EQ(interpret(compiled->program.instructions, call),
              expected(seccomp, oracle, call, arch))
        << "seed " << seed << describe(seccomp, call, arch);
  }
}

TEST(SeccompDifferential, DecidesAsLibseccomp) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    spec::Seccomp seccomp = for_libseccomp(random_filter(random));
    compare(seccomp, Arch::kX86_64, seed);
    if (std::ranges::find(seccomp.architectures, "SCMP_ARCH_X32") != seccomp.architectures.end())
      compare(seccomp, Arch::kX32, seed);
    seccomp.architectures.emplace_back("SCMP_ARCH_X86");
    compare(seccomp, Arch::kX86, seed);
  }
}

bool holds(const SeccompArgument& condition, std::uint64_t argument) {
  const std::uint64_t value = condition.value;
  switch (condition.op) {
    case SeccompOperator::kNotEqual:
      return argument != value;
    case SeccompOperator::kLess:
      return argument < value;
    case SeccompOperator::kLessOrEqual:
      return argument <= value;
    case SeccompOperator::kEqual:
      return argument == value;
    case SeccompOperator::kGreaterOrEqual:
      return argument >= value;
    case SeccompOperator::kGreater:
      return argument > value;
    case SeccompOperator::kMaskedEqual:
      return (argument & value) == (condition.value_two & value);
  }
  return false;
}

bool holds(const SeccompRule& rule, const seccomp_data& call) {
  const auto one = [&](const SeccompArgument& condition) {
    return holds(condition, call.args[condition.index]);
  };
  std::set<std::uint32_t> indexes;
  for (const SeccompArgument& condition : rule.arguments) indexes.insert(condition.index);
  const bool any = indexes.size() != rule.arguments.size();  // Two on one argument: each by itself.
  return any ? std::ranges::any_of(rule.arguments, one) : std::ranges::all_of(rule.arguments, one);
}

// The rules themselves, read as compile.h says, for any number of them.
std::uint32_t by_the_rules(const spec::Seccomp& seccomp, const seccomp_data& call) {
  const std::uint32_t otherwise =
      return_value(seccomp.default_action, seccomp.default_errno_return);
  const auto number = static_cast<std::uint32_t>(call.nr);
  const bool refuses = otherwise != SECCOMP_RET_ALLOW && otherwise != SECCOMP_RET_LOG;
  const auto last = newest(seccomp, Arch::kX86_64);
  if (refuses && last && number > *last) return SECCOMP_RET_ERRNO | ENOSYS;
  for (const bool conditional : {false, true}) {
    for (const SeccompRule& rule : seccomp.rules) {
      if (rule.arguments.empty() == conditional) continue;
      const std::uint32_t result = return_value(rule.action, rule.errno_return);
      if (result == otherwise || number_of(Arch::kX86_64, rule.names[0]) != number) continue;
      if (holds(rule, call)) return result;
    }
  }
  return otherwise;
}

TEST(SeccompDifferential, DecidesAsTheRulesSay) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    spec::Seccomp seccomp = random_filter(random);
    seccomp.architectures.clear();
    const auto compiled = compile(seccomp, Arch::kX86_64);
    ASSERT_TRUE(compiled) << compiled.error().message();
    for (int i = 0; i < 200; ++i) {
      const seccomp_data call = random_call(random, Arch::kX86_64);
      ASSERT_EQ(interpret(compiled->program.instructions, call), by_the_rules(seccomp, call))
          << "seed " << seed << describe(seccomp, call, Arch::kX86_64);
    }
  }
}

}  // namespace
}  // namespace plimsoll::seccomp
