// `plimsoll limit policy`: the rules in force, what they make of a container, and whether a file is
// one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/command.h"
#include "base/error.h"

namespace plimsoll::agent {

// What `plimsoll limit` was told; filled in when its flags are read.
struct PolicyCommandShared {
  std::shared_ptr<const std::string> socket;
  std::shared_ptr<const bool> json;
};
[[nodiscard]] Command policy_command(const PolicyCommandShared& shared);

// The engine's answers for people. Pure; kMalformed for what is no such answer.
[[nodiscard]] Result<std::string> render_policy(std::string_view body);
[[nodiscard]] Result<std::string> render_explanation(std::string_view body);

}  // namespace plimsoll::agent
