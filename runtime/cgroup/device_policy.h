// Which devices a container may use: the specification's list of rules as one policy, and the same
// in the words of v1's files. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/spec/resources.h"

namespace plimsoll::runtime {

// Access bits, numbered as the kernel numbers them for a program (BPF_DEVCG_ACC_*).
inline constexpr std::uint32_t kMknod = 1;
inline constexpr std::uint32_t kRead = 2;
inline constexpr std::uint32_t kWrite = 4;

// Devices that one exception is about: `major` and `minor` absent, all.
struct DeviceMatch {
  spec::DeviceRule::Type type = spec::DeviceRule::Type::kCharacter;  // Never kAll.
  std::optional<std::uint32_t> major;
  std::optional<std::uint32_t> minor;
  bool operator==(const DeviceMatch&) const = default;
};

struct DeviceException {
  DeviceMatch match;
  std::uint32_t access = 0;
  bool operator==(const DeviceException&) const = default;
};

// What is not excepted is denied (or, with kAllow, allowed).
struct DevicePolicy {
  enum class Rest : std::uint8_t { kDeny, kAllow } rest = Rest::kDeny;
  std::vector<DeviceException> exceptions;
  bool operator==(const DevicePolicy&) const = default;
};

// Rules in their order, the last one wins; what every container needs (the default devices of
// config-linux.md, their mknod, terminals) is allowed after them, as runc does it. A rule that the
// kernel's own lists cannot express (a deny of some of what a broader rule allows) is
// kInvalidInput.
[[nodiscard]] Result<DevicePolicy> policy_of(const std::vector<spec::DeviceRule>& rules);
// The same without the defaults.
[[nodiscard]] Result<DevicePolicy> bare_policy_of(const std::vector<spec::DeviceRule>& rules);

// "c 1:3 rwm", for devices.allow or devices.deny.
[[nodiscard]] std::string v1_text(const DeviceException& exception);

}  // namespace plimsoll::runtime
