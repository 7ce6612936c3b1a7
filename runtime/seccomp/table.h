// What a filter decides for each number on one architecture, before it is written as a program.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  std::map<std::uint32_t, Decision> decisions;  // By number.
  std::optional<std::uint32_t> newest;          // Of all that the rules name.
};

[[nodiscard]] Table make_table(const spec::Seccomp& seccomp, Arch arch);

}  // namespace plimsoll::seccomp
