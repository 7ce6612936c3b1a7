#include "runtime/image/unpack/confine.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace plimsoll::image::unpack {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kInstrumented = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kInstrumented = true;
#else
constexpr bool kInstrumented = false;
#endif
#else
constexpr bool kInstrumented = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_AARCH64;
#else
#error "say which architecture the filter is for"
#endif

constexpr std::array kAllowed = {
    SYS_read,        SYS_write,        SYS_pread64,        SYS_pwrite64,
    SYS_lseek,       SYS_close,        SYS_fstat,          SYS_newfstatat,
    SYS_openat,      SYS_openat2,      SYS_getdents64,     SYS_readlinkat,
    SYS_mkdirat,     SYS_mknodat,      SYS_symlinkat,      SYS_linkat,
    SYS_unlinkat,    SYS_fchown,       SYS_fchownat,       SYS_fchmod,
    SYS_fchmodat,    SYS_utimensat,    SYS_ftruncate,      SYS_fsetxattr,
    SYS_lsetxattr,   SYS_fallocate,    SYS_munmap,         SYS_mremap,
    SYS_brk,         SYS_madvise,      SYS_futex,          SYS_exit,
    SYS_exit_group,  SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
    SYS_sigaltstack, SYS_getrandom,    SYS_clock_gettime,  SYS_gettid,
    SYS_getpid,      SYS_sched_yield,  SYS_fcntl,          SYS_restart_syscall};

constexpr auto kRefuse = SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA);

constexpr std::uint32_t offset_of_argument(unsigned index) {
  // The lower half: both architectures are little-endian.
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

// Memory that can be run would let a library in that lies below the new root.
void append_no_exec(std::vector<sock_filter>& code, std::uint32_t number) {
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_argument(2)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, kRefuse));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

std::vector<sock_filter> make_filter() {
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArch, 1, 0),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                                   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  append_no_exec(code, SYS_mmap);
  append_no_exec(code, SYS_mprotect);
  for (const auto number : kAllowed) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  // Not killed: a libc that asks for something new must be able to do without.
  code.push_back(BPF_STMT(BPF_RET | BPF_K, kRefuse));
  return code;
}

Result<> filter_calls() {
  std::vector<sock_filter> code = make_filter();
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_failure("prctl", "no_new_privs");
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return os_failure("prctl", "the filter of system calls");
  return {};
}

Result<> limit(decltype(RLIMIT_CORE) which, std::uint64_t most, const char* name) {
  rlimit now{};
  if (::getrlimit(which, &now) != 0) return os_failure("getrlimit", name);
  now.rlim_max = std::min<rlim_t>(now.rlim_max, most);
  now.rlim_cur = now.rlim_max;
  if (::setrlimit(which, &now) != 0) return os_failure("setrlimit", name);
  return {};
}

Result<> limit_all(const Limits& limits) {
  constexpr std::uint64_t kMemory = std::uint64_t{1} << 30U;
  PLIMSOLL_TRY(limit(RLIMIT_CORE, 0, "core"));
  PLIMSOLL_TRY(limit(RLIMIT_FSIZE, limits.bytes, "fsize"));
  PLIMSOLL_TRY(limit(RLIMIT_NOFILE, 256, "nofile"));
  // A sanitizer reserves terabytes.
  if (!kInstrumented) PLIMSOLL_TRY(limit(RLIMIT_AS, kMemory, "as"));
  return {};
}

Result<> drop_capabilities() {
  constexpr std::array kKept = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
                                CAP_FSETID, CAP_MKNOD,        CAP_SETFCAP};
  std::uint64_t kept = 0;
  for (const int capability : kKept) kept |= std::uint64_t{1} << static_cast<unsigned>(capability);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return os_failure("capget", "");
  for (std::size_t i = 0; i < sets.size(); ++i) {
    // What is missing already stays missing: an entry that needs it says so.
    const auto mask = static_cast<std::uint32_t>(kept >> (32U * i));
    sets[i].permitted &= mask;
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return os_failure("prctl", "ambient capabilities");
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return os_failure("capset", "");
  return {};
}

}  // namespace

Result<> confine(const DirFd& target, const Limits& limits) {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os_failure("prctl", "dumpable");
  if (::fchdir(target.get()) != 0) return os_failure("fchdir", "the target");
  if (::chroot(".") != 0) return os_failure("chroot", "the target");
  if (::chdir("/") != 0) return os_failure("chdir", "/");
  PLIMSOLL_TRY(limit_all(limits));
  PLIMSOLL_TRY(drop_capabilities());
  return filter_calls();
}

}  // namespace plimsoll::image::unpack
