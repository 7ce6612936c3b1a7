// A system call filter as `linux.seccomp` of the OCI runtime specification 1.3 writes it.
//
// Names of system calls stay text: which of them an architecture has is the compiler's knowledge.
// Thread: values, no shared state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plimsoll::spec {

enum class SeccompAction : std::uint8_t {
  kKillThread,
  kKillProcess,
  kTrap,
  kErrno,
  kTrace,
  kAllow,
  kLog,
  kNotify
};

enum class SeccompOperator : std::uint8_t {
  kNotEqual,
  kLess,
  kLessOrEqual,
  kEqual,
  kGreaterOrEqual,
  kGreater,
  kMaskedEqual  // argument & value == value_two
};

struct SeccompArgument {
  std::uint32_t index = 0;  // 0 to 5.
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  SeccompOperator op{};
};

struct SeccompRule {
  std::vector<std::string> names;
  SeccompAction action{};
  std::optional<std::uint32_t> errno_return;  // For kErrno and kTrace; absent: EPERM.
  std::vector<SeccompArgument> arguments;     // All must hold.
};

struct Seccomp {
  SeccompAction default_action{};
  std::optional<std::uint32_t> default_errno_return;
  std::vector<std::string> architectures;  // "SCMP_ARCH_X86_64"; empty: the native one.
  std::uint32_t flags = 0;                 // SECCOMP_FILTER_FLAG_*
  std::string listener_path;
  std::string listener_metadata;
  std::vector<SeccompRule> rules;
};

}  // namespace plimsoll::spec
