#include "runtime/seccomp/default_profile.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <cerrno>

#include "runtime/seccomp/test_filters.h"

namespace plimsoll::seccomp {
namespace {

constexpr std::uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

class DefaultProfile : public ::testing::Test {
 protected:
  void make(std::uint64_t capabilities) {
    const auto result =
        compile(default_profile({.bits = capabilities}, Arch::kX86_64), Arch::kX86_64);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_TRUE(result->warnings.empty()) << result->warnings.front();
    program_ = result->program.instructions;
  }
  [[nodiscard]] std::uint32_t decide(const char* name, std::uint64_t first = 0,
                                     Arch arch = Arch::kX86_64) const {
    seccomp_data call{};
    call.arch = audit_token(arch);
    call.nr = static_cast<int>(*number_of(arch, name));
    call.args[0] = first;
    return interpret(program_, call);
  }
  std::vector<sock_filter> program_;
};

TEST_F(DefaultProfile, LetsProgramsRunAndNothingMore) {
  make(0);
  for (const char* name : {"read", "execve", "openat", "futex", "mmap", "ptrace", "arch_prctl"})
    EXPECT_EQ(decide(name), SECCOMP_RET_ALLOW) << name;
  for (const char* name : {"mount",
                           "unshare",
                           "setns",
                           "bpf",
                           "kexec_load",
                           "keyctl",
                           "add_key",
                           "request_key",
                           "userfaultfd",
                           "io_uring_setup",
                           "io_uring_enter",
                           "reboot",
                           "swapon",
                           "init_module",
                           "open_by_handle_at",
                           "perf_event_open",
                           "pivot_root",
                           "chroot",
                           "settimeofday",
                           "kcmp",
                           "move_mount",
                           "fsopen",
                           "quotactl",
                           "syslog",
                           "nfsservctl",
                           "iopl",
                           "acct"})
    EXPECT_EQ(decide(name), kEperm) << name;
  EXPECT_EQ(decide("read", 0, Arch::kX86), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide("mount", 0, Arch::kX86), kEperm);
  EXPECT_EQ(decide("mount", 0, Arch::kX32), kEperm);
}

TEST_F(DefaultProfile, NoNewNamespaces) {
  make(0);
  constexpr std::uint64_t kThread = 0x3d0f00;
  EXPECT_EQ(decide("clone", kThread), SECCOMP_RET_ALLOW);
  for (const std::uint64_t flag :
       {0x00020000U, 0x02000000U, 0x04000000U, 0x08000000U, 0x10000000U, 0x20000000U, 0x40000000U})
    EXPECT_EQ(decide("clone", kThread | flag), kEperm) << flag;
  EXPECT_EQ(decide("clone3"), kEnosys);
  make(std::uint64_t{1} << 21);
  EXPECT_EQ(decide("clone", 0x10000000), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide("clone3"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide("mount"), SECCOMP_RET_ALLOW);
}

TEST_F(DefaultProfile, FamiliesAndPersonalities) {
  make(0);
  for (const std::uint64_t family : {1U, 2U, 10U, 16U, 17U})
    EXPECT_EQ(decide("socket", family), SECCOMP_RET_ALLOW) << family;
  for (const std::uint64_t family : {12U, 38U, 40U, 46U, 1000U})
    EXPECT_EQ(decide("socket", family), kEperm) << family;
  EXPECT_EQ(decide("personality", 0xffffffff), SECCOMP_RET_ALLOW);
  EXPECT_EQ(decide("personality", 0x0040000), kEperm);  // ADDR_NO_RANDOMIZE
}

TEST_F(DefaultProfile, EachCapabilityOpensItsCalls) {
  const std::pair<unsigned, const char*> opened[] = {{2, "open_by_handle_at"},
                                                     {16, "init_module"},
                                                     {17, "iopl"},
                                                     {18, "chroot"},
                                                     {19, "kcmp"},
                                                     {20, "acct"},
                                                     {22, "reboot"},
                                                     {23, "mbind"},
                                                     {25, "settimeofday"},
                                                     {26, "vhangup"},
                                                     {34, "syslog"},
                                                     {38, "perf_event_open"},
                                                     {39, "bpf"}};
  for (const auto& [capability, name] : opened) {
    make(0);
    EXPECT_EQ(decide(name), kEperm) << name;
    make(std::uint64_t{1} << capability);
    EXPECT_EQ(decide(name), SECCOMP_RET_ALLOW) << name;
  }
}

// ENOSYS begins above the newest name of the profile.
TEST_F(DefaultProfile, CallsOfNewerKernelsAreUnknown) {
  make(0);
  EXPECT_EQ(decide("open_tree_attr"), kEnosys);
  EXPECT_EQ(decide("removexattrat"), SECCOMP_RET_ALLOW);
}

TEST(DefaultProfileAarch64, Compiles) {
  const auto result = compile(default_profile({}, Arch::kAarch64), Arch::kAarch64);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(result->warnings.empty()) << result->warnings.front();
}

}  // namespace
}  // namespace plimsoll::seccomp
