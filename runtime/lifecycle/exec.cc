#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/fill_in.h"
#include "runtime/launch/kernel.h"
#include "runtime/launch/number_list.h"
#include "runtime/lifecycle/hooks.h"
#include "runtime/lifecycle/inner.h"

namespace plimsoll::runtime {

namespace {

void set_variable(std::vector<std::string>& env, const std::string& variable) {
  const std::string key = variable.substr(0, variable.find('=')) + "=";
  const auto old = std::ranges::find_if(
      env, [&key](const std::string& entry) { return entry.starts_with(key); });
  if (old == env.end()) {
    env.push_back(variable);
  } else {
    *old = variable;
  }
}

// The container's own process, as changed by the options of the command line.
spec::Process process_of(const spec::Config& config, const ExecOptions& options) {
  if (options.process) return *options.process;
  spec::Process process = *config.process;
  process.args = options.args;
  process.terminal = options.terminal.value_or(false);
  process.console_size.reset();
  for (const std::string& variable : options.env) set_variable(process.env, variable);
  if (!options.cwd.empty()) process.cwd = options.cwd;
  if (options.user) {
    process.user.uid = options.user->uid;
    process.user.gid = options.user->gid;
  }
  for (const std::uint32_t gid : options.additional_gids)
    process.user.additional_gids.push_back(gid);
  if (options.extra_capabilities != 0) {
    if (!process.capabilities) process.capabilities.emplace();
    spec::Capabilities& capabilities = *process.capabilities;
    // Not inheritable, nor ambient where that needs it: CVE-2022-29162.
    capabilities.bounding.bits |= options.extra_capabilities;
    capabilities.effective.bits |= options.extra_capabilities;
    capabilities.permitted.bits |= options.extra_capabilities;
  }
  if (options.no_new_privileges) process.no_new_privileges = *options.no_new_privileges;
  if (!options.apparmor_profile.empty()) process.apparmor_profile = options.apparmor_profile;
  if (!options.selinux_label.empty()) process.selinux_label = options.selinux_label;
  return process;
}

Result<Plan> plan_exec(const spec::Config& config, const spec::Process& process,
                       std::uint64_t& joined) {
  Plan plan;
  plan.makes_rootfs = false;
  plan.process = PLIMSOLL_TRY(make_process_plan(process));
  plan.process.filter = PLIMSOLL_TRY(compile_filter(config));
  plan.process.personality = personality_of(config);
  plan.process.memory_policy = PLIMSOLL_TRY(memory_policy_of(config));
  for (const spec::Namespace& entry : config.linux_.namespaces)
    joined |= namespace_flag(entry.type);
  plan.has_user_namespace = (joined & CLONE_NEWUSER) != 0;
  return plan;
}

// Empty: as it is.
Result<> set_affinity(pid_t pid, const std::string& list) {
  if (list.empty()) return {};
  const std::vector<unsigned long> bits =
      PLIMSOLL_TRY(in("/process/execCPUAffinity", bits_of_list(list)));
  if (::syscall(SYS_sched_setaffinity, pid, bits.size() * sizeof(unsigned long), bits.data()) < 0)
    return os_failure("sched_setaffinity", "/process/execCPUAffinity: " + list);
  return {};
}

// This thread's processors, given back at the end. Who is made meanwhile has inherited what was
// set, before it enters the container's groups: config.md, execCPUAffinity, "initial".
class OwnProcessors {
 public:
  OwnProcessors() {
    const long size =
        ::syscall(SYS_sched_getaffinity, 0, bits_.size() * sizeof(unsigned long), bits_.data());
    size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  ~OwnProcessors() {
    if (size_ > 0) ::syscall(SYS_sched_setaffinity, 0, size_, bits_.data());
  }
  OwnProcessors(const OwnProcessors&) = delete;
  OwnProcessors& operator=(const OwnProcessors&) = delete;

 private:
  std::array<unsigned long, 128> bits_{};  // NR_CPUS is 8192 at most.
  std::size_t size_ = 0;
};

// With the processors that it is to be made on; empty: this thread's.
Result<Child> begin_on(const std::string& processors, const Plan& plan, LaunchOptions options) {
  if (processors.empty()) return begin(plan, std::move(options));
  const OwnProcessors own;
  PLIMSOLL_TRY(set_affinity(0, processors));
  return begin(plan, std::move(options));
}

Result<> go_below(CgroupPlace& place, const std::string& path) {
  const std::string clean = clean_path(path);
  if (("/" + path + "/").find("/../") != std::string::npos)
    return invalid_input("exec", fill_in("{} is not a sub cgroup path", path));
  if (clean != ".") place.path += "/" + clean;
  return {};
}

bool names_controller(const std::string& hierarchy, std::string_view controller) {
  return ("," + hierarchy + ",").find("," + std::string(controller) + ",") != std::string::npos;
}

// The container's groups, or groups below them: as runc's `exec --cgroup` says which.
Result<CgroupRecord> groups_below(CgroupRecord groups, const std::vector<std::string>& wanted) {
  std::vector<std::string> done;
  for (const std::string& word : wanted) {
    const std::size_t colon = word.find(':');
    if (colon == std::string::npos) {
      if (wanted.size() != 1)
        return invalid_input("exec", fill_in("invalid --cgroup argument: {} (missing <controller>: "
                                             "prefix)",
                                             word));
      for (CgroupPlace& place : groups.places) PLIMSOLL_TRY(go_below(place, word));
      return groups;
    }
    std::string_view names = std::string_view(word).substr(0, colon);
    while (!names.empty()) {
      const std::string name(names.substr(0, names.find(',')));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      const auto place = std::ranges::find_if(groups.places, [&name](const CgroupPlace& candidate) {
        return names_controller(candidate.hierarchy, name);
      });
      if (place == groups.places.end())
        return invalid_input("exec", fill_in("unknown controller {} in SubCgroupPaths", name));
      // "cpu,cpuacct:x" may name one hierarchy twice.
      if (std::ranges::find(done, place->hierarchy) != done.end()) continue;
      done.push_back(place->hierarchy);
      PLIMSOLL_TRY(go_below(*place, word.substr(colon + 1)));
    }
  }
  return groups;
}

}  // namespace

Result<Started> exec(const Host& host, const ExecOptions& options) {
  PLIMSOLL_TRY(check_preserved(options.preserved_fds));
  const Opened opened = PLIMSOLL_TRY(open_container(host, options.id));
  if (opened.status == Status::kStopped)
    return failure(ErrorKind::kGone, "exec", "cannot exec in a stopped container");
  if (opened.status == Status::kPaused && !options.ignore_paused)
    return failure(ErrorKind::kBusy, "exec",
                   "cannot exec in a paused container (use --ignore-paused to override)");
  const spec::Config config = PLIMSOLL_TRY(config_of(opened.directory));
  const spec::Process process = process_of(config, options);
  std::uint64_t joined = 0;
  Plan plan = PLIMSOLL_TRY(plan_exec(config, process, joined));
  const Fd init = PLIMSOLL_TRY(open_init(opened.record));
  LaunchOptions launch;
  launch.preserved_fds = options.preserved_fds;
  launch.joined = init.get();
  launch.joined_flags = joined;
  SocketPair socket;
  if (!options.console_socket.empty()) {
    launch.console = PLIMSOLL_TRY(connect_console(options.console_socket));
  } else if (process.terminal) {
    if (!options.terminal_here)
      return invalid_input("exec",
                           "cannot allocate tty if runc will detach without setting console "
                           "socket");
    socket = PLIMSOLL_TRY(make_socket_pair());
    launch.console = std::move(socket.there);
  }
  ContainerCgroup cgroup = ContainerCgroup::reopen(
      PLIMSOLL_TRY(groups_below(groups_of(opened.record), options.cgroups)));
  NotifyEnds notify = PLIMSOLL_TRY(open_notify(config, plan.process.filter));
  Fd notify_state;
  if (notify.state) notify_state = Fd(::fcntl(notify.state.get(), F_DUPFD_CLOEXEC, 3));
  launch.notify_socket = std::move(notify.socket);
  launch.notify_state = std::move(notify.state);
  const DirFd* const born_in = PLIMSOLL_TRY(cgroup.clone_into());
  launch.cgroup = born_in == nullptr ? -1 : born_in->get();
  plan.group_files = cgroup.entry_files(born_in == nullptr ? ContainerCgroup::Born::kElsewhere
                                                           : ContainerCgroup::Born::kInside);
  const auto affinity = process.exec_cpu_affinity.value_or(spec::ExecCpuAffinity());
  Child child = PLIMSOLL_TRY(begin_on(affinity.initial, plan, std::move(launch)));
  if (notify_state) {
    View view;
    view.record = opened.record;
    const std::string state = hook_state_text(view, opened.status, opened.record.init.pid);
    PLIMSOLL_TRY(fill_hook_input(notify_state, notify_text(config, state, child.pid())));
  }
  PLIMSOLL_TRY(child.let_go());
  PLIMSOLL_TRY(child.await_ready());
  // It has entered the cpuset; without a word here its processors are what the kernel says.
  PLIMSOLL_TRY(set_affinity(child.pid(), affinity.final));
  Started started;
  started.pid = child.pid();
  started.pidfd = Fd(::fcntl(child.pidfd().get(), F_DUPFD_CLOEXEC, 3));
  if (socket.here) started.terminal = PLIMSOLL_TRY(receive_terminal(socket.here));
  if (!options.pidfd_socket.empty())
    PLIMSOLL_TRY(send_pidfd(options.pidfd_socket, child.pidfd(), "setns"));
  if (!options.pid_file.empty()) PLIMSOLL_TRY(write_pid_file(options.pid_file, child.pid()));
  PLIMSOLL_TRY(child.start());
  PLIMSOLL_TRY(child.await_exec());
  child.keep();
  return started;
}

}  // namespace plimsoll::runtime
