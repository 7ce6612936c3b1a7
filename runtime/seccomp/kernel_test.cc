// The kernel loads the program and decides as it says.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/seccomp/compile.h"

namespace plimsoll::seccomp {
namespace {

using spec::SeccompAction;
using spec::SeccompOperator;

// Runs `ask` under the filter in a child; its exit status, or -1 when the filter was not loaded.
template <class Ask>
int under(const Program& program, Ask ask) {
  const pid_t child = ::fork();
  if (child == 0) {
    sock_fprog loaded{static_cast<unsigned short>(program.instructions.size()),
                      const_cast<sock_filter*>(program.instructions.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(255);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program.flags, &loaded) != 0) ::_exit(255);
    ::_exit(ask());
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -2;
  return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

TEST(SeccompKernel, DecidesByNumberAndArgument) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kAllow};
  seccomp.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  seccomp.rules.push_back(
      {.names = {"getppid"}, .action = SeccompAction::kErrno, .errno_return = 71});
  seccomp.rules.push_back(
      {.names = {"personality"},
       .action = SeccompAction::kErrno,
       .arguments = {{.value = 0x100000005, .op = SeccompOperator::kGreaterOrEqual}}});
  const auto compiled = compile(seccomp);
  ASSERT_TRUE(compiled) << compiled.error().message();
  EXPECT_EQ(
      under(compiled->program, [] { return ::syscall(SYS_getppid) == -1 && errno == 71 ? 0 : 1; }),
      0);
  EXPECT_EQ(under(compiled->program,
                  [] {
                    const bool below = ::syscall(SYS_personality, 0xffffffffUL) >= 0;
                    const bool above =
                        ::syscall(SYS_personality, 0x1ffffffffUL) == -1 && errno == EPERM;
                    return below && above ? 0 : 1;
                  }),
            0);
}

TEST(SeccompKernel, NewerCallsDoNotExist) {
  spec::Seccomp seccomp{.default_action = SeccompAction::kErrno};
  seccomp.rules.push_back({.names = {"exit_group", "getpid"}, .action = SeccompAction::kAllow});
  const auto compiled = compile(seccomp);
  ASSERT_TRUE(compiled) << compiled.error().message();
  EXPECT_EQ(under(compiled->program,
                  [] {
                    const bool newer =
                        ::syscall(SYS_openat2, -1, "", nullptr, 0) == -1 && errno == ENOSYS;
                    const bool older = ::syscall(SYS_getppid) == -1 && errno == EPERM;
                    return newer && older && ::getpid() > 0 ? 0 : 1;
                  }),
            0);
}

}  // namespace
}  // namespace plimsoll::seccomp
