#include "runtime/launch/child.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

// The parent's locks live as long as anybody holds their descriptors; a created container may wait
// for days.
void close_strangers(const Prepared& prepared) {
  unsigned next = 3U + static_cast<unsigned>(prepared.preserved_fds);
  for (const int fd : prepared.kept) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) ::syscall(SYS_close_range, next, kept - 1, 0);
    if (kept >= next) next = kept + 1;
  }
  ::syscall(SYS_close_range, next, ~0U, 0);
}

// "0" is the writer. Closed then: who waits for `start` has none of the host's files open.
void enter_groups(const Prepared& prepared, const Reporter& reporter) {
  for (std::size_t i = 0; i < prepared.groups.size(); ++i) {
    if (::write(prepared.groups[i].get(), "0", 1) != 1) reporter.give_up(Stage::kGroup, i);
    ::close(prepared.groups[i].get());
  }
}

void join_namespaces(const Prepared& prepared, const Reporter& reporter) {
  // All at once: the kernel has an order in which each is still allowed. The pid namespace is that
  // of birth.
  const std::uint64_t flags = prepared.joined_flags & ~std::uint64_t{CLONE_NEWPID};
  if (prepared.joined >= 0 && flags != 0 && ::setns(prepared.joined, static_cast<int>(flags)) != 0)
    reporter.give_up(Stage::kJoin, 0xffff);
  if (prepared.joins_entered) return;
  for (std::size_t i = 0; i < prepared.joins.size(); ++i) {
    if (prepared.plan->joins[i].flag == CLONE_NEWPID) continue;
    if (::setns(prepared.joins[i].get(), static_cast<int>(prepared.plan->joins[i].flag)) != 0)
      reporter.give_up(Stage::kJoin, i);
  }
}

// Of a user namespace: what is made in its rootfs must belong to its root.
void become_root(const Plan& plan, const Reporter& reporter) {
  if (!plan.has_user_namespace) return;
  if (!plan.deny_setgroups && ::syscall(SYS_setgroups, 0, nullptr) != 0)
    reporter.give_up(Stage::kSetIds);
  if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0)
    reporter.give_up(Stage::kSetIds);
}

void begin_session(const Plan& plan, const Reporter& reporter) {
  if (::setsid() < 0) reporter.give_up(Stage::kSession);
  if (plan.process.keyring.empty()) return;
  // Else the caller's keys would be the container's. ENOSYS: a kernel without keys; EDQUOT and
  // EPERM, in a user namespace: none then, as the old one cannot be read by the new ids.
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, plan.process.keyring.c_str()) < 0 &&
      errno != ENOSYS && errno != EDQUOT && errno != EPERM)
    reporter.give_up(Stage::kSession);
}

void default_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // What is ignored stays so over exec, what has a handler does not. By the system call: libraries
  // keep two for themselves (32 and 33), ignore them in what posix_spawn() starts, and refuse to
  // change them. All zeros is SIG_DFL, whatever the order of the kernel's structure.
  constexpr int kSignals = 64;
  constexpr std::size_t kSetBytes = kSignals / 8;
  const std::array<unsigned long, 8> to_default{};
  for (int number = 1; number <= kSignals; ++number)
    ::syscall(SYS_rt_sigaction, number, to_default.data(), nullptr, kSetBytes);
}

bool needs_proc(const Plan& plan) {
  return !plan.sysctls.empty() || !plan.process.label.empty();
}

}  // namespace

void Reporter::give_up(Stage stage, std::size_t item, int os_error) const noexcept {
  const Report report{Message::kFailed, stage, static_cast<std::uint16_t>(item), os_error};
  [[maybe_unused]] const ssize_t n = ::send(channel_, &report, sizeof report, MSG_NOSIGNAL);
  ::_exit(1);
}

void Reporter::say(Message message) const noexcept {
  const Report report{message, Stage::kSync, 0, 0};
  if (::send(channel_, &report, sizeof report, MSG_NOSIGNAL) < 0) ::_exit(1);
}

void Reporter::await() const noexcept {
  char byte = 0;
  ssize_t n = 0;
  do {
    n = ::recv(channel_, &byte, 1, 0);
  } while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(1);
}

void child_main(const Prepared& prepared) noexcept {
  const Plan& plan = *prepared.plan;
  Reporter reporter(prepared.channel.get());
  default_signals();
  close_strangers(prepared);
  enter_groups(prepared, reporter);
  reporter.say(Message::kEntered);
  reporter.await();  // Until it is written down, and its ids are mapped.
  ::umask(0);
  join_namespaces(prepared, reporter);
  become_root(plan, reporter);
  begin_session(plan, reporter);
  if (plan.new_cgroup_namespace && ::unshare(CLONE_NEWCGROUP) != 0)
    reporter.give_up(Stage::kCgroupNamespace);
  const int private_proc = needs_proc(plan) ? open_private_proc(reporter) : -1;
  if (!plan.hostname.empty() && ::sethostname(plan.hostname.c_str(), plan.hostname.size()) != 0)
    reporter.give_up(Stage::kHostname);
  if (!plan.domainname.empty() &&
      ::setdomainname(plan.domainname.c_str(), plan.domainname.size()) != 0)
    reporter.give_up(Stage::kDomainname);
  if (plan.makes_rootfs) {
    const int root = make_rootfs(prepared, reporter);
    if (prepared.waits_for_hooks) {
      reporter.say(Message::kWaiting);
      reporter.await();
    }
    pivot(plan, root, reporter);
    ::close(root);
    if (plan.process.terminal) open_console(prepared, BindConsole::kYes, reporter);
    finish_rootfs(plan, private_proc, reporter);
  } else if (plan.process.terminal) {
    open_console(prepared, BindConsole::kNo, reporter);
  }
  become(prepared, private_proc, reporter);
}

}  // namespace plimsoll::runtime
