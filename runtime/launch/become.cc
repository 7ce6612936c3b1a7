#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

#include "runtime/launch/child.h"
#include "runtime/launch/home.h"
#include "runtime/launch/kernel.h"
#include "runtime/launch/notify.h"

namespace plimsoll::runtime {

namespace {

constexpr std::uint64_t kSysAdmin = std::uint64_t{1} << CAP_SYS_ADMIN;

int set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (unsigned i = 0; i < 2; ++i) {
    data[i].effective = static_cast<__u32>(effective >> (32 * i));
    data[i].permitted = static_cast<__u32>(permitted >> (32 * i));
    data[i].inheritable = static_cast<__u32>(inheritable >> (32 * i));
  }
  return static_cast<int>(::syscall(SYS_capset, &header, data.data()));
}

// What of the wanted sets is possible: a capability that the runtime lacks itself cannot be given.
struct Granted {
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t ambient = 0;
  std::uint64_t own = 0;  // What the runtime has.
};

Granted grant(const ProcessPlan& process, const Reporter& reporter) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) reporter.give_up(Stage::kCapabilities);
  Granted granted;
  granted.own = data[0].permitted | (std::uint64_t{data[1].permitted} << 32U);
  if (!process.capabilities) return granted;
  const spec::Capabilities& wanted = *process.capabilities;
  granted.permitted = wanted.permitted.bits & granted.own;
  granted.effective = wanted.effective.bits & granted.permitted;
  granted.inheritable = wanted.inheritable.bits & granted.own;
  granted.ambient = wanted.ambient.bits & granted.permitted & granted.inheritable;
  return granted;
}

void drop_bounding(const ProcessPlan& process, const Reporter& reporter) {
  const std::uint64_t keep = process.capabilities ? process.capabilities->bounding.bits : 0;
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1U) != 0) continue;
    // EINVAL: above the last one this kernel has.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) return;
      reporter.give_up(Stage::kBounding);
    }
  }
}

// The standard streams belong to the new user, so that it can open /dev/stdout again; devices but
// for the terminal stay whose they are (CVE-2026-88265).
void give_streams(const ProcessPlan& process, const Reporter& reporter) {
  if (process.uid == 0) return;
  for (int fd = 0; fd < 3; ++fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) continue;
    const bool terminal = S_ISCHR(status.st_mode) && ::isatty(fd) == 1;
    if (status.st_uid == process.uid || (S_ISCHR(status.st_mode) && !terminal)) continue;
    // Not all can be given away (a read-only mount, an id that is not mapped): not worth failing.
    if (::fchown(fd, process.uid, static_cast<gid_t>(-1)) != 0 && errno != EINVAL &&
        errno != EPERM && errno != EROFS)
      reporter.give_up(Stage::kStdio);
  }
}

void set_user(const Plan& plan, const Reporter& reporter) {
  const ProcessPlan& process = plan.process;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) reporter.give_up(Stage::kUser);
  // The system calls themselves: glibc's would look for other threads to tell.
  if (!plan.deny_setgroups &&
      ::syscall(SYS_setgroups, process.groups.size(), process.groups.data()) != 0)
    reporter.give_up(Stage::kGroups);
  if (::syscall(SYS_setresgid, process.gid, process.gid, process.gid) != 0 ||
      ::syscall(SYS_setresuid, process.uid, process.uid, process.uid) != 0)
    reporter.give_up(Stage::kUser);
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) reporter.give_up(Stage::kUser);
  ::umask(process.umask.value_or(0022));
}

// In the directory, and that lies in the container: a descriptor of the host's that leaked in could
// have been named (CVE-2024-21626).
void check_work_directory(const Reporter& reporter) {
  std::array<char, PATH_MAX> path{};
  const long n = ::syscall(SYS_getcwd, path.data(), path.size());
  if (n <= 0 || path[0] != '/')
    reporter.give_up(Stage::kWorkDirectoryOutside, 0, n < 0 ? errno : ENOENT);
}

int check_program(const char* path) {
  struct stat status{};
  if (::stat(path, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return (status.st_mode & 0111) != 0 ? 0 : EACCES;
}

// As a shell: the first that can be run. ENOENT with item 0xffff: none of PATH.
const char* look_up(const ProcessPlan& process, const Reporter& reporter) {
  const bool by_path = process.args[0].find('/') != std::string::npos;
  for (const std::string& candidate : process.candidates) {
    const int problem = check_program(candidate.c_str());
    if (problem == 0) return candidate.c_str();
    if (by_path) reporter.give_up(Stage::kLookup, 0, problem);
  }
  reporter.give_up(Stage::kLookup, 0xffff, ENOENT);
}

void install_filter(const ProcessPlan& process, ListenerCourier* courier,
                    const Reporter& reporter) {
  if (!process.filter) return;
  const auto& instructions = process.filter->instructions;
  const sock_fprog program{static_cast<unsigned short>(instructions.size()),
                           const_cast<sock_filter*>(instructions.data())};
  const long result =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, process.filter->flags, &program);
  if (result < 0) reporter.give_up(Stage::kSeccomp);
  if (courier != nullptr) courier->send(static_cast<int>(result));
}

// The last of the rights: the filter, which without no_new_privs only an administrator may set, so
// that capability is held until then and dropped after.
void seal(const ProcessPlan& process, const Granted& granted, ListenerCourier* courier,
          const Reporter& reporter) {
  if (process.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    reporter.give_up(Stage::kNoNewPrivileges);
  const bool borrows = process.filter && !process.no_new_privileges;
  if (borrows &&
      set_capabilities(granted.effective | (granted.own & kSysAdmin),
                       granted.permitted | (granted.own & kSysAdmin), granted.inheritable) != 0)
    reporter.give_up(Stage::kCapabilities);
  install_filter(process, courier, reporter);
  if (borrows && set_capabilities(granted.effective, granted.permitted, granted.inheritable) != 0)
    reporter.give_up(Stage::kCapabilities);
}

// One hook, with the container's rights; the wait status, or -1 for a timeout.
int run_start_hook(const Prepared& prepared, const spec::Hook& hook, char* const* argv,
                   char* const* envp, const Granted& granted, const Reporter& reporter) {
  clone_args arguments{};
  int pidfd = -1;
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = clone3(arguments);
  if (pid < 0) reporter.give_up(Stage::kStartHook, 0, errno);
  if (pid == 0) {
    if (::lseek(prepared.hook_input.get(), 0, SEEK_SET) < 0 ||
        ::dup2(prepared.hook_input.get(), 0) < 0)
      ::_exit(126);
    // Where the filter would ask, hooks hear ENOSYS: the listener is the program's.
    seal(prepared.plan->process, granted, nullptr, reporter);
    ::execve(hook.path.c_str(), argv, envp);
    ::_exit(127);
  }
  pollfd ended{pidfd, POLLIN, 0};
  const int wait_for = hook.timeout ? static_cast<int>(*hook.timeout) * 1000 : -1;
  int ready = 0;
  do {
    ready = ::poll(&ended, 1, wait_for);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) pidfd_send_signal(pidfd, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::close(pidfd);
  return ready == 0 ? -1 : status;
}

void run_start_hooks(const Prepared& prepared, const Granted& granted, const Reporter& reporter) {
  constexpr std::size_t kMostWords = 256;
  for (std::size_t i = 0; i < prepared.plan->start_hooks.size(); ++i) {
    const spec::Hook& hook = prepared.plan->start_hooks[i];
    std::array<char*, kMostWords> argv{};
    std::array<char*, kMostWords> envp{};
    if (hook.args.size() >= kMostWords || hook.env.size() >= kMostWords)
      reporter.give_up(Stage::kStartHook, i, E2BIG);
    argv[0] = const_cast<char*>(hook.path.c_str());
    for (std::size_t k = 0; k < hook.args.size(); ++k)
      argv[k] = const_cast<char*>(hook.args[k].c_str());
    for (std::size_t k = 0; k < hook.env.size(); ++k)
      envp[k] = const_cast<char*>(hook.env[k].c_str());
    const int status = run_start_hook(prepared, hook, argv.data(), envp.data(), granted, reporter);
    if (status != 0) reporter.give_up(Stage::kStartHook, i, status);
  }
}

// For `start`, which may come long after whoever made this process has gone.
void await_start(const Prepared& prepared, Reporter& reporter) {
  if (!prepared.listener) {
    if (prepared.waits_for_start) reporter.await();
    return;
  }
  ::close(reporter.channel());
  for (;;) {
    const int connection = ::accept4(prepared.listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && errno != EINTR && errno != ECONNABORTED) ::_exit(1);
    char byte = 0;
    // One that says nothing was ended on its way: the next may do better.
    if (connection >= 0 && ::recv(connection, &byte, 1, 0) == 1) {
      reporter.change(connection);
      return;
    }
    if (connection >= 0) ::close(connection);
  }
}

}  // namespace

void become(const Prepared& prepared, int private_proc, Reporter& reporter) noexcept {
  const Plan& plan = *prepared.plan;
  const ProcessPlan& process = plan.process;
  if (process.personality && ::personality(*process.personality) < 0)
    reporter.give_up(Stage::kPersonality);
  if (process.memory_policy) {
    const MemoryPolicy& policy = *process.memory_policy;
    constexpr unsigned long kBits = sizeof(unsigned long) * CHAR_BIT;
    // The kernel takes one bit less than it is told.
    if (::syscall(SYS_set_mempolicy, policy.mode, policy.nodes.data(),
                  policy.nodes.empty() ? 0 : policy.nodes.size() * kBits + 1) != 0)
      reporter.give_up(Stage::kMemoryPolicy);
  }
  const Granted granted = grant(process, reporter);
  drop_bounding(process, reporter);
  give_streams(process, reporter);
  std::array<char, 512> home{};
  if (!process.has_home) {
    find_home(process.uid, home.data(), home.size());
    const_cast<char**>(prepared.envp.data())[prepared.envp.size() - 2] = home.data();
  }
  // As root first, then as the user: either may be who can get there.
  const bool in_directory = ::chdir(process.cwd.c_str()) == 0;
  set_user(plan, reporter);
  if (!in_directory && ::chdir(process.cwd.c_str()) != 0) reporter.give_up(Stage::kWorkDirectory);
  check_work_directory(reporter);
  const std::uint64_t held =
      process.filter && !process.no_new_privileges ? granted.own & kSysAdmin : 0;
  if (set_capabilities(granted.effective, granted.permitted | held, granted.inheritable) != 0)
    reporter.give_up(Stage::kCapabilities);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((granted.ambient >> capability & 1U) != 0 &&
        ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
      reporter.give_up(Stage::kAmbient, capability);
  }
  if (!process.label.empty()) {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%d/%s", ::getpid(), process.label_file.c_str());
    if (write_proc(private_proc, path.data(), process.label.c_str(), process.label.size()) != 0)
      reporter.give_up(Stage::kLabel);
  }
  const char* const program = look_up(process, reporter);
  // Nothing of ours, and nothing that a caller forgot, is open in the program.
  if (::syscall(SYS_close_range, 3U + static_cast<unsigned>(prepared.preserved_fds), ~0U,
                CLOSE_RANGE_CLOEXEC) != 0)
    reporter.give_up(Stage::kStdio);
  reporter.say(Message::kReady);
  await_start(prepared, reporter);
  run_start_hooks(prepared, granted, reporter);
  if (prepared.notify_socket) {
    // Not by become()'s frame: that is large already.
    static std::optional<ListenerCourier> courier;
    courier.emplace(prepared, reporter);
    seal(process, granted, &*courier, reporter);
  } else {
    seal(process, granted, nullptr, reporter);
  }
  ::execve(program, const_cast<char* const*>(prepared.argv.data()),
           const_cast<char* const*>(prepared.envp.data()));
  reporter.give_up(Stage::kExec);
}

}  // namespace plimsoll::runtime
