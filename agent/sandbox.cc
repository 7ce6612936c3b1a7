#include "agent/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <string>

namespace plimsoll::agent {

namespace {

// Named, since the C library and the kernel of the machine it is built on may not know all numbers;
// libseccomp knows them by name, and those it does not know are not called by what it was built
// with either.
using Names = std::span<const char* const>;

// Making, changing and removing files. write(2) is not among them: what was open before (a log on
// stderr) stays writable.
constexpr auto kChangesFiles = std::to_array<const char*>(
    {"creat",     "truncate", "ftruncate", "rename",    "renameat",  "renameat2",
     "link",      "linkat",   "symlink",   "symlinkat", "unlink",    "unlinkat",
     "mkdir",     "mkdirat",  "rmdir",     "fchmod",    "fallocate", "fsync",
     "fdatasync", "utime",    "utimes",    "utimensat", "futimesat"});

// Never needed, whatever is configured.
constexpr auto kNever = std::to_array<const char*>({
    // Processes: none is started, traced, looked into or signalled.
    "fork",
    "vfork",
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kill",
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "kcmp",
    "setns",
    "unshare",
    "chroot",
    "pivot_root",
    // Who we are.
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    // Files: their owners, modes and kinds; whole file systems.
    "chmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "lchown",
    "fchown",
    "fchownat",
    "mknod",
    "mknodat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "mount",
    "umount",
    "umount2",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "open_by_handle_at",
    "acct",
    "sync",
    "syncfs",
    // The machine and the kernel.
    "bpf",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "stime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "modify_ldt",
    "personality",
    "vhangup",
    "add_key",
    "request_key",
    "keyctl",
    "userfaultfd",
    "lookup_dcookie",
    "nfsservctl",
    "syslog",
    // Memory of a program to be.
    "memfd_create",
    "memfd_secret",
    "remap_file_pages",
});

// Other ways to do what is looked at here: they hide their arguments in memory, where a filter
// cannot look, and every caller has a second way for kernels that do not have them.
constexpr auto kUnknown = std::to_array<const char*>(
    {"clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register"});

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {}
  [[nodiscard]] bool made() const { return context_ != nullptr; }

  Result<> refuse(Names names, int os_error) {
    for (const char* name : names) PLIMSOLL_TRY(refuse_if(name, os_error, {}));
    return {};
  }

  // When all of `conditions` hold.
  Result<> refuse_if(const char* name, int os_error, std::span<const scmp_arg_cmp> conditions) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return {};
    const int failed = ::seccomp_rule_add_array(
        context_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(os_error)), number,
        static_cast<unsigned>(conditions.size()), conditions.data());
    if (failed != 0) return os_failure("seccomp_rule_add", name, -failed);
    return {};
  }

  Result<> load() {
    // A tree instead of a list: a few comparisons per call instead of a hundred.
    (void)::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    const int failed = ::seccomp_load(context_.get());
    if (failed != 0) return os_failure("seccomp_load", "filter", -failed);
    return {};
  }

 private:
  std::unique_ptr<void, decltype(&::seccomp_release)> context_;
};

scmp_arg_cmp bits_are(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Opening for writing, or so that the file comes to be or is emptied.
Result<> refuse_open(Filter& filter, const char* name, unsigned flags) {
  // O_TMPFILE contains O_DIRECTORY, which reading a directory needs: its own bit is what counts.
  constexpr scmp_datum_t kTmpfileBit = O_TMPFILE & ~O_DIRECTORY;
  for (const scmp_datum_t bit : {scmp_datum_t{O_WRONLY}, scmp_datum_t{O_RDWR},
                                 scmp_datum_t{O_CREAT}, scmp_datum_t{O_TRUNC}, kTmpfileBit}) {
    const scmp_arg_cmp condition = bits_are(flags, bit, bit);
    PLIMSOLL_TRY(filter.refuse_if(name, EPERM, {&condition, 1}));
  }
  return {};
}

Result<> refuse_writing(Filter& filter) {
  PLIMSOLL_TRY(filter.refuse(kChangesFiles, EPERM));
  PLIMSOLL_TRY(refuse_open(filter, "open", 1));
  return refuse_open(filter, "openat", 2);
}

Result<> refuse_processes(Filter& filter) {
  const scmp_arg_cmp no_thread = bits_are(0, CLONE_THREAD, 0);
  return filter.refuse_if("clone", EPERM, {&no_thread, 1});
}

// What is asked by network: TCP, unix sockets, netlink. Others are a large and little used part of
// the kernel.
Result<> refuse_sockets(Filter& filter) {
  constexpr std::array<unsigned, 4> kOurs = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
  constexpr unsigned kLast = AF_NETLINK;
  // A rule looks at an argument once: each family by itself, and all above the last.
  for (unsigned family = 0; family <= kLast; ++family) {
    if (std::ranges::find(kOurs, family) != kOurs.end()) continue;
    const scmp_arg_cmp is_family{0, SCMP_CMP_EQ, family, 0};
    PLIMSOLL_TRY(filter.refuse_if("socket", EAFNOSUPPORT, {&is_family, 1}));
  }
  const scmp_arg_cmp is_above{0, SCMP_CMP_GT, kLast, 0};
  return filter.refuse_if("socket", EAFNOSUPPORT, {&is_above, 1});
}

// Sanitizers end with a process of their own that looks into this one.
constexpr bool has_sanitizers() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

}  // namespace

Result<> enter_sandbox(FileWrites writes) {
  if (has_sanitizers())
    return failure(ErrorKind::kNotOffered, "seccomp", "a build with sanitizers");
  Filter filter;
  if (!filter.made()) return failure(ErrorKind::kIo, "seccomp_init", "no memory");
  PLIMSOLL_TRY(filter.refuse(kNever, EPERM));
  PLIMSOLL_TRY(filter.refuse(kUnknown, ENOSYS));
  PLIMSOLL_TRY(refuse_processes(filter));
  PLIMSOLL_TRY(refuse_sockets(filter));
  if (writes == FileWrites::kForbidden) PLIMSOLL_TRY(refuse_writing(filter));
  return filter.load();
}

}  // namespace plimsoll::agent
