#include "runtime/seccomp/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <cerrno>

#include "runtime/seccomp/test_filters.h"

namespace plimsoll::seccomp {
namespace {

using spec::SeccompAction;
using spec::SeccompOperator;

constexpr std::uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

spec::Seccomp allowing(std::vector<std::string> names) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kErrno};
  seccomp.rules.push_back({.names = std::move(names), .action = SeccompAction::kAllow});
  return seccomp;
}

struct Call {
  std::uint32_t arch = AUDIT_ARCH_X86_64;
  std::uint32_t number = 0;
  std::uint64_t first = 0;
};
std::uint32_t decide(const spec::Seccomp& seccomp, Call call, Arch native = Arch::kX86_64) {
  const auto compiled = compile(seccomp, native);
  EXPECT_TRUE(compiled) << compiled.error().message();
  seccomp_data data{};
  data.arch = call.arch;
  data.nr = static_cast<int>(call.number);
  data.args[0] = call.first;
  return interpret(compiled->program.instructions, data);
}

TEST(SeccompCompile, CallsNewerThanTheProfileAreUnknownOnes) {
  const spec::Seccomp seccomp = allowing({"read", "clone3"});
  EXPECT_EQ(decide(seccomp, {.number = 0}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.number = 1}), kEperm);
  EXPECT_EQ(decide(seccomp, {.number = 434}), kEperm);
  EXPECT_EQ(decide(seccomp, {.number = 435}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.number = 436}), kEnosys);
  EXPECT_EQ(decide(seccomp, {.number = kX32Bit}), kEnosys);
}

TEST(SeccompCompile, APermissiveDefaultHasNoUnknownCalls) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kAllow};
  seccomp.rules.push_back(
      {.names = {"ptrace"}, .action = SeccompAction::kErrno, .errno_return = EACCES});
  EXPECT_EQ(decide(seccomp, {.number = 101}), SECCOMP_RET_ERRNO | EACCES);
  EXPECT_EQ(decide(seccomp, {.number = 5000}), SECCOMP_RET_ALLOW);
  // x32 is not among the architectures: its numbers would go around the rule.
  EXPECT_EQ(decide(seccomp, {.number = kX32Bit | 521}), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(decide(seccomp, {.number = UINT32_MAX}), SECCOMP_RET_ALLOW);
}

TEST(SeccompCompile, ArchitecturesThatAreNotNamedKill) {
  spec::Seccomp seccomp = allowing({"read"});
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_I386, .number = 3}), SECCOMP_RET_KILL_THREAD);
  seccomp.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_S390X"};
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_I386, .number = 3}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.number = 0}), SECCOMP_RET_ALLOW);  // The native one always.
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_S390X, .number = 3}), SECCOMP_RET_KILL_THREAD);
}

TEST(SeccompCompile, Aarch64AndArm) {
  spec::Seccomp seccomp = allowing({"read", "cacheflush", "openat2"});
  seccomp.architectures = {"SCMP_ARCH_ARM"};
  const Arch native = Arch::kAarch64;
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_AARCH64, .number = 63}, native), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_AARCH64, .number = 64}, native), kEperm);
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_ARM, .number = 3}, native), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_ARM, .number = 438}, native), kEnosys);
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_ARM, .number = 0xF0002}, native),
            SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_X86_64, .number = 0}, native),
            SECCOMP_RET_KILL_THREAD);
}

TEST(SeccompCompile, I386HasItsSocketsTwice) {
  spec::Seccomp seccomp = allowing({"socket", "semop", "futex_waitv"});
  seccomp.architectures = {"SCMP_ARCH_X86"};
  const auto on_x86 = [&](std::uint32_t number, std::uint64_t first) {
    return decide(seccomp, {.arch = AUDIT_ARCH_I386, .number = number, .first = first});
  };
  EXPECT_EQ(on_x86(359, 2), SECCOMP_RET_ALLOW);
  EXPECT_EQ(on_x86(102, 1), SECCOMP_RET_ALLOW);
  EXPECT_EQ(on_x86(102, 2), kEperm);
  EXPECT_EQ(on_x86(117, 1), SECCOMP_RET_ALLOW);
  EXPECT_EQ(on_x86(117, 2), kEperm);
  // What a condition permits cannot be told behind socketcall's pointer.
  seccomp.rules[0].arguments = {{.index = 0, .value = 40, .op = SeccompOperator::kNotEqual}};
  EXPECT_EQ(on_x86(359, 2), SECCOMP_RET_ALLOW);
  EXPECT_EQ(on_x86(102, 1), kEperm);
}

TEST(SeccompCompile, SizesAreComparedExactlyOn32Bits) {
  spec::Seccomp seccomp = allowing({"read"});
  seccomp.architectures = {"SCMP_ARCH_X86"};
  seccomp.rules[0].arguments = {
      {.index = 0, .value = std::uint64_t{1} << 32, .op = SeccompOperator::kLess}};
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_I386, .number = 3, .first = 7}), SECCOMP_RET_ALLOW);
  seccomp.rules[0].arguments[0].op = SeccompOperator::kGreater;
  EXPECT_EQ(decide(seccomp, {.arch = AUDIT_ARCH_I386, .number = 3, .first = 7}), kEperm);
}

TEST(SeccompCompile, ManyCallsJumpFar) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kErrno};
  // Every other number, each with a branch: far more than a short jump reaches.
  std::vector<std::uint32_t> numbers;
  for (const char* name :
       {"read",   "open",           "stat",       "lstat",      "lseek",    "mprotect",
        "brk",    "rt_sigprocmask", "pread64",    "readv",      "access",   "select",
        "mremap", "mincore",        "shmget",     "shmctl",     "dup2",     "nanosleep",
        "alarm",  "getpid",         "socket",     "accept",     "recvfrom", "recvmsg",
        "bind",   "getsockname",    "socketpair", "getsockopt", "fork",     "execve",
        "wait4",  "uname"}) {
    spec::SeccompRule rule{.names = {name}, .action = SeccompAction::kAllow};
    for (std::uint32_t i = 0; i < 6; ++i)
      rule.arguments.push_back({.index = i, .value = i * 7, .op = SeccompOperator::kLessOrEqual});
    seccomp.rules.push_back(rule);
    numbers.push_back(*number_of(Arch::kX86_64, name));
  }
  for (const std::uint32_t number : numbers) {
    EXPECT_EQ(decide(seccomp, {.number = number}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(decide(seccomp, {.number = number, .first = 1}), kEperm);
  }
}

TEST(SeccompCompile, ListenersAndFlags) {
  spec::Seccomp seccomp = allowing({"read"});
  EXPECT_EQ(compile(seccomp)->program.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  EXPECT_FALSE(compile(seccomp)->program.wants_listener);
  seccomp.flags =
      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  EXPECT_EQ(compile(seccomp)->program.flags, SECCOMP_FILTER_FLAG_LOG);
  seccomp.rules.push_back({.names = {"mkdir"}, .action = SeccompAction::kNotify});
  const auto compiled = compile(seccomp);
  EXPECT_TRUE(compiled->program.wants_listener);
  EXPECT_EQ(compiled->program.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_NEW_LISTENER |
                                         SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  EXPECT_EQ(decide(seccomp, {.number = 83}), SECCOMP_RET_USER_NOTIF);
  seccomp.rules.back().names = {"sendmsg"};
  EXPECT_EQ(compile(seccomp).error().subject,
            "/linux/seccomp/syscalls/1/names: SCMP_ACT_NOTIFY cannot be used for sendmsg");
}

TEST(SeccompCompile, UnknownNamesWarnAndUnknownArchitecturesFail) {
  spec::Seccomp seccomp = allowing({"read", "time_travel"});
  EXPECT_THAT(compile(seccomp)->warnings,
              ::testing::ElementsAre(
                  "/linux/seccomp/syscalls/0/names: unknown system call time_travel is ignored"));
  seccomp.architectures = {"SCMP_ARCH_PDP11"};
  EXPECT_EQ(compile(seccomp).error().subject,
            "/linux/seccomp/architectures/0: unknown architecture SCMP_ARCH_PDP11");
}

TEST(SeccompCompile, MoreThanTheKernelTakesIsAnError) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kErrno};
  for (std::uint64_t i = 0; i < 1000; ++i)
    seccomp.rules.push_back({.names = {"read"},
                             .action = SeccompAction::kAllow,
                             .arguments = {{.value = i, .op = SeccompOperator::kEqual}}});
  EXPECT_EQ(compile(seccomp).error().kind, ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace plimsoll::seccomp
