// A filter of the specification as the kernel's program (seccomp(2), classic BPF).
//
// What it decides is what runc with libseccomp decides:
// - The native architecture is always filtered; a call of one that is not named kills the thread.
// - A rule without arguments stands above those with; among equals the first written counts. Two
//   conditions on one argument are two rules. A rule with the default action says nothing.
// - Where the default action refuses, calls newer than the newest that the rules name get ENOSYS,
// so
//   that programs fall back instead of seeing EPERM from a call the profile's author never saw.
// Thread: pure functions.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/seccomp/numbers.h"
#include "runtime/spec/seccomp.h"

namespace plimsoll::seccomp {

struct Program {
  std::vector<sock_filter> instructions;
  unsigned flags = 0;  // SECCOMP_FILTER_FLAG_*, for seccomp(2).
  bool wants_listener = false;
};

struct Compiled {
  Program program;
  std::vector<std::string> warnings;  // Names of calls that no architecture has.
};

// kInvalidInput: an architecture nobody knows, a notification on a call that hands the listener
// over, or more than the kernel's 4096 instructions.
[[nodiscard]] Result<Compiled> compile(const spec::Seccomp& seccomp, Arch native = native_arch());

}  // namespace plimsoll::seccomp
