#include "runtime/cgroup/scope.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/cgroup/systemd.h"

namespace plimsoll::runtime {
namespace {

// Holds none of our descriptors, and dies with us.
[[noreturn]] void wait_for_the_end() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  for (;;) ::pause();
}

Result<> start(const ScopeName& scope, pid_t pid, const limit::Limits& limits) {
  SystemdManager manager = PLIMSOLL_TRY(SystemdManager::connect());
  return manager.start_scope(scope, pid, properties_of(limits));
}

}  // namespace

Result<pid_t> open_scope(const ScopeName& scope, const limit::Limits& limits) {
  const pid_t pid = ::fork();
  if (pid < 0) return os_failure("fork", "the scope's placeholder");
  if (pid == 0) wait_for_the_end();
  if (auto started = start(scope, pid, limits); !started) {
    end_placeholder(pid);
    return in("scope " + scope.unit, Result<pid_t>(std::unexpected(started.error())));
  }
  return pid;
}

void end_placeholder(pid_t pid) {
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<> tell_scope(const std::string& unit, const limit::Limits& limits) {
  SystemdManager manager = PLIMSOLL_TRY(SystemdManager::connect());
  return in("scope " + unit, manager.set_properties(unit, properties_of(limits)));
}

Result<> stop_scope(const std::string& unit) {
  SystemdManager manager = PLIMSOLL_TRY(SystemdManager::connect());
  return in("scope " + unit, manager.stop(unit));
}

}  // namespace plimsoll::runtime
