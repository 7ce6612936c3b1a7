#include "runtime/seccomp/default_profile.h"

#include <cerrno>
#include <string_view>

#include "base/text.h"

namespace plimsoll::seccomp {

namespace {

using spec::SeccompAction;
using spec::SeccompOperator;
using spec::SeccompRule;

// By subject; a name that an architecture lacks says nothing there. Left out on purpose: what makes
// namespaces and mounts, keyrings, kexec, swap, io_uring (its work is seen by no filter),
// userfaultfd.
constexpr std::string_view kAlways =
    // Processes and threads.
    "execve execveat exit exit_group fork vfork wait4 waitid waitpid kill tkill tgkill pause "
    "getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address prctl capget "
    "capset "
    "seccomp getcpu getpriority setpriority ioprio_get ioprio_set getrlimit ugetrlimit setrlimit "
    "prlimit64 getrusage times get_robust_list set_robust_list get_thread_area set_thread_area "
    "rseq "
    "restart_syscall membarrier pidfd_open pidfd_send_signal process_mrelease "
    "ptrace process_vm_readv process_vm_writev uretprobe "
    "landlock_add_rule landlock_create_ruleset landlock_restrict_self "
    "sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min "
    "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity "
    "sched_setattr sched_setparam sched_setscheduler sched_yield "
    // Users and groups.
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 "
    "getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setreuid "
    "setreuid32 "
    "setregid setregid32 setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 "
    "setfsuid "
    "setfsuid32 setfsgid setfsgid32 "
    // Signals and futexes.
    "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
    "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn "
    "signalfd signalfd4 futex futex_time64 futex_requeue futex_wait futex_waitv futex_wake "
    // Memory.
    "brk mmap mmap2 munmap mprotect mremap msync madvise mincore mlock mlock2 mlockall munlock "
    "munlockall mseal map_shadow_stack remap_file_pages memfd_create memfd_secret pkey_alloc "
    "pkey_free "
    "pkey_mprotect "
    // Files and directories.
    "open openat openat2 creat close close_range access faccessat faccessat2 stat stat64 lstat "
    "lstat64 "
    "fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 statmount "
    "listmount "
    "chdir fchdir getcwd mkdir mkdirat rmdir link linkat symlink symlinkat readlink readlinkat "
    "unlink "
    "unlinkat rename renameat renameat2 mknod mknodat getdents getdents64 name_to_handle_at umask "
    "chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 lchown lchown32 fchownat "
    "truncate truncate64 ftruncate ftruncate64 fallocate utime utimes utimensat utimensat_time64 "
    "futimesat getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat "
    "listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr "
    "removexattrat "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch fanotify_mark "
    // Descriptors and their data.
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek "
    "readahead "
    "dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2 splice tee vmsplice sendfile sendfile64 "
    "copy_file_range sync syncfs fsync fdatasync sync_file_range fadvise64 fadvise64_64 cachestat "
    "select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 "
    "epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 "
    "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit "
    // Sockets, but for making one; System V and POSIX communication.
    "accept accept4 bind connect listen getsockname getpeername getsockopt setsockopt shutdown "
    "socketcall socketpair recv recvfrom recvmsg recvmmsg recvmmsg_time64 send sendto sendmsg "
    "sendmmsg "
    "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl "
    "shmdt shmget mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 "
    "mq_timedsend "
    "mq_timedsend_time64 mq_unlink "
    // Time.
    "time gettimeofday alarm getitimer setitimer nanosleep adjtimex clock_adjtime clock_adjtime64 "
    "clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
    "clock_nanosleep_time64 timer_create timer_delete timer_getoverrun timer_gettime "
    "timer_gettime64 "
    "timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
    "timerfd_settime "
    "timerfd_settime64 "
    // The machine.
    "uname sysinfo getrandom";

constexpr std::string_view kOnX86 = "arch_prctl modify_ldt";
constexpr std::string_view kOnArm =
    "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls";

struct WithCapability {
  unsigned capability;  // capabilities(7), by number.
  std::string_view calls;
};
constexpr unsigned kSysAdmin = 21;
constexpr WithCapability kWithCapability[] = {
    {2 /* DAC_READ_SEARCH */, "open_by_handle_at"},
    {16 /* SYS_MODULE */, "delete_module init_module finit_module"},
    {17 /* SYS_RAWIO */, "iopl ioperm"},
    {18 /* SYS_CHROOT */, "chroot"},
    {19 /* SYS_PTRACE */, "kcmp pidfd_getfd process_madvise"},
    {20 /* SYS_PACCT */, "acct"},
    {kSysAdmin,
     "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie "
     "lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount "
     "open_tree "
     "perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 "
     "unshare"},
    {22 /* SYS_BOOT */, "reboot"},
    {23 /* SYS_NICE */, "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"},
    {25 /* SYS_TIME */, "settimeofday stime clock_settime clock_settime64"},
    {26 /* SYS_TTY_CONFIG */, "vhangup"},
    {34 /* SYSLOG */, "syslog"},
    {38 /* PERFMON */, "perf_event_open"},
    {39 /* BPF */, "bpf"},
};

// Address families above AF_ROSE (11) that are neither out of use nor a way around the container:
// without AF_ALG (38) and AF_VSOCK (40) above all.
constexpr std::uint64_t kFirstPickedFamily = 12;
constexpr std::uint64_t kFamilies[] = {13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29,
                                       30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45};

// PER_LINUX, PER_LINUX32, with UNAME26 each, and the question what it is.
constexpr std::uint64_t kPersonalities[] = {0x0, 0x0008, 0x20000, 0x20008, 0xffffffff};

// CLONE_NEW*: user, pid, net, ipc, uts, cgroup and mount.
constexpr std::uint64_t kNewNamespaces = 0x7E020000;

SeccompRule allow(std::string_view names) {
  SeccompRule rule{.action = SeccompAction::kAllow};
  std::string_view name;
  while (next_word(names, name)) rule.names.emplace_back(name);
  return rule;
}

SeccompRule allow_if(std::string_view name, std::uint64_t value, SeccompOperator op) {
  SeccompRule rule = allow(name);
  rule.arguments.push_back({.index = 0, .value = value, .op = op});
  return rule;
}

bool has(spec::CapabilitySet set, unsigned capability) {
  return ((set.bits >> capability) & 1) != 0;
}

std::vector<std::string> architectures(Arch native) {
  if (native == Arch::kAarch64) return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
}

}  // namespace

spec::Seccomp default_profile(spec::CapabilitySet capabilities, Arch native) {
  spec::Seccomp profile{.default_action = SeccompAction::kErrno, .default_errno_return = EPERM};
  profile.architectures = architectures(native);
  std::vector<SeccompRule>& rules = profile.rules;
  rules.push_back(allow(kAlways));
  rules.push_back(allow(native == Arch::kAarch64 ? kOnArm : kOnX86));
  rules.push_back(allow_if("socket", kFirstPickedFamily, SeccompOperator::kLess));
  for (const std::uint64_t family : kFamilies)
    rules.push_back(allow_if("socket", family, SeccompOperator::kEqual));
  for (const std::uint64_t personality : kPersonalities)
    rules.push_back(allow_if("personality", personality, SeccompOperator::kEqual));
  for (const WithCapability& with : kWithCapability)
    if (has(capabilities, with.capability)) rules.push_back(allow(with.calls));
  if (!has(capabilities, kSysAdmin)) {
    rules.push_back(allow_if("clone", kNewNamespaces, SeccompOperator::kMaskedEqual));
    // Its flags lie behind a pointer. As if the kernel were older, so that libraries use clone.
    rules.push_back({.names = {"clone3"}, .action = SeccompAction::kErrno, .errno_return = ENOSYS});
  }
  return profile;
}

}  // namespace plimsoll::seccomp
