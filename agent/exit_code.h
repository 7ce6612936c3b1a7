// What the command line's exit status means: scripts may rely on it. docs/cli.md says the same.
#pragma once

#include "base/error.h"

namespace plimsoll::agent {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,
  kExitUsage = 2,        // An option or its value does not make sense.
  kExitNotFound = 3,     // No container, unit or cgroup of that name.
  kExitDenied = 4,       // Permission.
  kExitUnreachable = 5,  // The exporter that --host names does not answer.
  kExitInterrupted = 130
};

[[nodiscard]] constexpr int exit_code_of(ErrorKind kind) {
  if (kind == ErrorKind::kDenied) return kExitDenied;
  if (kind == ErrorKind::kInvalidInput) return kExitUsage;
  return kExitFailure;
}

// One line for people: "--format: column 9: unknown field .Foo" for what the caller typed, the
// whole message with errno for the rest.
[[nodiscard]] inline std::string describe(const Error& error) {
  if (error.kind == ErrorKind::kInvalidInput) return std::string(error.op) + ": " + error.subject;
  return error.message();
}

}  // namespace plimsoll::agent
