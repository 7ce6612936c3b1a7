#include <poll.h>

#include <chrono>
#include <csignal>
#include <ctime>

#include "base/fill_in.h"
#include "runtime/launch/kernel.h"
#include "runtime/lifecycle/hooks.h"
#include "runtime/lifecycle/inner.h"
#include "runtime/lifecycle/proc.h"

namespace plimsoll::runtime {

namespace {

bool has_own_pids(const spec::Config& config) {
  for (const spec::Namespace& entry : config.linux_.namespaces) {
    if (entry.type == spec::NamespaceType::kPid) return entry.path.empty();
  }
  return false;
}

// Until the process has ended, reaped or not: who should reap it may be slow.
Result<> await_end(const Fd& pidfd, std::chrono::milliseconds deadline) {
  pollfd poll_for{pidfd.get(), POLLIN, 0};
  const int ready = ::poll(&poll_for, 1, static_cast<int>(deadline.count()));
  if (ready < 0) return os_failure("poll", "the container's process");
  if (ready == 0) return failure(ErrorKind::kBusy, "kill", "container init still running");
  return {};
}

Result<> run_poststop_hooks(const Opened& opened) {
  const Result<spec::Config> config = config_of(opened.directory);
  if (!config || config->hooks.poststop.empty()) return {};
  View view;
  view.record = opened.record;
  const Fd input = PLIMSOLL_TRY(make_hook_input());
  PLIMSOLL_TRY(fill_hook_input(input, hook_state_text(view, Status::kStopped, 0)));
  return run_hooks(config->hooks.poststop, input, {});
}

}  // namespace

Result<> kill(const Host& host, const std::string& id, int signal, Whom whom) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  ContainerCgroup cgroup = ContainerCgroup::reopen(groups_of(opened.record));
  if (whom == Whom::kAll) return cgroup.kill_all(signal);
  const Result<Fd> init = open_init(opened.record);
  if (!init) {
    // Without pids of its own, a container's processes outlive its first.
    const Result<spec::Config> config = config_of(opened.directory);
    if (signal == SIGKILL && config && !has_own_pids(*config)) return cgroup.kill_all(signal);
    return std::unexpected(init.error());
  }
  if (pidfd_send_signal(init->get(), signal) != 0)
    return failure(kind_of(errno), "kill", fill_in("unable to signal init: {}", go_text(errno)));
  // A frozen process takes SIGKILL on v2; on v1 only when it is thawed.
  if (signal == SIGKILL && opened.status == Status::kPaused) return cgroup.thaw();
  return {};
}

Result<> remove(const Host& host, const std::string& id, Force force) {
  Result<Opened> found = open_container(host, id);
  if (!found) {
    if (force == Force::kYes && found.error().kind == ErrorKind::kGone) return {};
    return std::unexpected(std::move(found).error());
  }
  const Opened& opened = *found;
  ContainerCgroup cgroup = ContainerCgroup::reopen(groups_of(opened.record));
  // A created one has run nothing: it goes without force, as engines expect.
  const bool may_end = force == Force::kYes || opened.status == Status::kCreated;
  if (opened.status != Status::kStopped && !may_end)
    return failure(
        ErrorKind::kBusy, "delete",
        fill_in("cannot delete container {} that is not stopped: {}", id, name_of(opened.status)));
  if (opened.status != Status::kStopped) {
    const Result<Fd> init = open_init(opened.record);
    if (init) {
      if (pidfd_send_signal(init->get(), SIGKILL) != 0 && errno != ESRCH)
        return os_failure("pidfd_send_signal", id);
      if (opened.status == Status::kPaused) PLIMSOLL_TRY(cgroup.thaw());
      PLIMSOLL_TRY(await_end(*init, kRemoveDeadline));
    }
  }
  if (!opened.record.cgroups.places.empty() && !cgroup.remove_empty()) {
    // What the first process left behind, where it had no pid namespace to take them with it.
    PLIMSOLL_TRY(cgroup.kill_all(SIGKILL));
    PLIMSOLL_TRY(cgroup.remove(kRemoveDeadline));
  }
  const Result<> hooks = run_poststop_hooks(opened);
  PLIMSOLL_TRY(opened.directory.remove());
  return hooks;
}

}  // namespace plimsoll::runtime
