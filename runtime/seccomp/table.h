// What a filter decides for each number on one architecture, before it is written as a program.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/seccomp/numbers.h"
#include "runtime/spec/seccomp.h"

namespace plimsoll::seccomp {

// SECCOMP_RET_* with its data.
[[nodiscard]] std::uint32_t return_value(spec::SeccompAction action,
                                         std::optional<std::uint32_t> errno_return);

struct Branch {
  std::vector<spec::SeccompArgument> conditions;  // All must hold.
  std::uint32_t result = 0;
};

// The first branch that holds, else `otherwise`.
struct Decision {
  std::vector<Branch> branches;
  std::uint32_t otherwise = 0;
  bool has_64_bits = true;
  [[nodiscard]] bool is_plain() const { return branches.empty(); }
};

struct Table {
  std::vector<std::pair<std::uint32_t, Decision>> decisions;  // Sorted by number.
  std::optional<std::uint32_t> newest;                        // Of all that the rules name.
};

// The calls that a filter's rules name, looked up once for all architectures.
struct ResolvedRule {
  const spec::SeccompRule* rule = nullptr;
  std::uint32_t result = 0;
  std::vector<const SystemCall*> calls;  // In the order of rule->names; null: unknown.
};
[[nodiscard]] std::vector<ResolvedRule> resolve(const spec::Seccomp& seccomp);

[[nodiscard]] Table make_table(const spec::Seccomp& seccomp, const std::vector<ResolvedRule>& rules,
                               Arch arch);

}  // namespace plimsoll::seccomp
