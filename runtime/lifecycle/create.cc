#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/clock.h"
#include "base/fill_in.h"
#include "base/read_file.h"
#include "base/rollback.h"
#include "runtime/launch/kernel.h"
#include "runtime/launch/passage.h"
#include "runtime/lifecycle/hooks.h"
#include "runtime/lifecycle/inner.h"
#include "runtime/lifecycle/net_devices.h"
#include "runtime/lifecycle/proc.h"

namespace plimsoll::runtime {

namespace {

// What is undone after a failure: that one is told, and what stays behind `delete` finds.
void drop(const Result<>& /*outcome*/) {}

// One container in the making. Whatever fails, all that was made is undone, the last first.
class Creation {
 public:
  Creation(const Host& host, const CreateOptions& options) : host_(host), options_(options) {}

  enum class Starts : bool { kLater, kHere };
  // Up to a process that only lacks exec; with kLater it waits for `start` to come.
  Result<> prepare(Starts starts) {
    PLIMSOLL_TRY(check_preserved(options_.preserved_fds));
    PLIMSOLL_TRY(read_config());
    directory_ = PLIMSOLL_TRY(host_.store.create(options_.id));
    undo_.on_failure([this] { drop(directory_->remove()); });
    PLIMSOLL_TRY(directory_->write_sealed(kConfigFile, config_text_));
    PLIMSOLL_TRY(make_cgroup());
    PLIMSOLL_TRY(make_plan_of_config());
    PLIMSOLL_TRY(launch(starts));
    PLIMSOLL_TRY(run_create_hooks());
    PLIMSOLL_TRY(child_.await_ready());
    if (socket_.here) terminal_ = PLIMSOLL_TRY(receive_terminal(socket_.here));
    if (!options_.pidfd_socket.empty())
      PLIMSOLL_TRY(send_pidfd(options_.pidfd_socket, child_.pidfd(), "standard"));
    if (options_.pid_file.empty()) return {};
    return write_pid_file(options_.pid_file, child_.pid());
  }

  Result<Started> start() {
    PLIMSOLL_TRY(child_.start());
    PLIMSOLL_TRY(child_.await_exec());
    return Started{child_.pid(), Fd(::fcntl(child_.pidfd().get(), F_DUPFD_CLOEXEC, 3)),
                   std::move(terminal_)};
  }

  Result<> run_poststart_hooks() {
    if (config_.hooks.poststart.empty()) return {};
    return run_with_state(config_.hooks.poststart, Status::kRunning, {});
  }

  void keep() {
    child_.keep();
    undo_.commit();
  }

 private:
  Result<> read_config() {
    const std::string path = options_.bundle + "/config.json";
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
      return failure(ErrorKind::kGone, "bundle", "JSON specification file config.json not found");
    if (fd < 0) return os_failure("open", path);
    const Fd file(fd);
    ReadBuffer buffer;
    config_text_ = PLIMSOLL_TRY(buffer.read_all(file, path));
    spec::Decoded decoded = PLIMSOLL_TRY(spec::decode(config_text_));
    config_ = std::move(decoded.config);
    if (!config_.process) return invalid_input("config", "/process: must be given");
    if (config_.process->terminal && options_.console_socket.empty() && !options_.terminal_here)
      return invalid_input("config",
                           "cannot allocate tty if runc will detach without setting console "
                           "socket");
    if (!config_.process->terminal && !options_.console_socket.empty())
      return invalid_input("config",
                           "cannot use console socket if runc will not detach or allocate tty");
    state::Record& record = view_.record;
    record.id = options_.id;
    record.bundle = options_.bundle;
    record.oci_version = config_.oci_version;
    record.rootfs = config_.root.path.starts_with('/') ? config_.root.path
                                                       : options_.bundle + "/" + config_.root.path;
    record.created = RealClock().wall().time_since_epoch().count();
    record.annotations = config_.annotations;
    return check_root();
  }

  // A link as root filesystem would let whoever can change it choose another between two looks.
  [[nodiscard]] Result<> check_root() const {
    struct stat status{};
    const std::string& rootfs = view_.record.rootfs;
    if (::lstat(rootfs.c_str(), &status) != 0)
      return failure(kind_of(errno), "rootfs",
                     fill_in("invalid rootfs: stat {}: {}", rootfs, go_text(errno)));
    if (S_ISLNK(status.st_mode))
      return invalid_input("rootfs", "invalid rootfs: not an absolute path, or a symlink");
    if (!S_ISDIR(status.st_mode))
      return invalid_input("rootfs", fill_in("invalid rootfs: {} is not a directory", rootfs));
    return {};
  }

  Result<> make_cgroup() {
    cgroup_host_ = PLIMSOLL_TRY(open_cgroup_host());
    CgroupRequest request;
    request.id = options_.id;
    request.cgroups_path = config_.linux_.cgroups_path;
    request.manager = host_.manager;
    request.resources = config_.linux_.resources ? &*config_.linux_.resources : nullptr;
    // Written before they are made: whatever ends us, `delete` finds them.
    const CgroupRecord groups = PLIMSOLL_TRY(plan_cgroup(*cgroup_host_, request));
    view_.record.cgroups = written(groups);
    PLIMSOLL_TRY(write_record(*directory_, view_.record));
    cgroup_ = PLIMSOLL_TRY(ContainerCgroup::create(*cgroup_host_, request));
    undo_.on_failure([this] {
      drop(cgroup_->kill_all(SIGKILL));
      drop(cgroup_->remove(kRemoveDeadline));
    });
    return {};
  }

  Result<> make_plan_of_config() {
    PlanOptions plan_options;
    plan_options.bundle = options_.bundle;
    plan_options.id = options_.id;
    plan_options.pivot = options_.pivot;
    plan_options.new_keyring = options_.new_keyring;
    plan_options.filter = PLIMSOLL_TRY(compile_filter(config_));
    for (const CgroupPlace& place : groups_of(view_.record).places)
      plan_options.hierarchies.push_back({place.hierarchy, place.path});
    plan_ = PLIMSOLL_TRY(make_plan(config_, plan_options));
    return {};
  }

  Result<> launch(Starts starts) {
    LaunchOptions launch_options;
    const spec::Hooks& hooks = config_.hooks;
    launch_options.has_hooks =
        !hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty();
    launch_options.preserved_fds = options_.preserved_fds;
    if (starts == Starts::kLater)
      launch_options.listener = PLIMSOLL_TRY(listen_in(*directory_, kStartSocket));
    if (!options_.console_socket.empty()) {
      launch_options.console = PLIMSOLL_TRY(connect_console(options_.console_socket));
    } else if (plan_.process.terminal) {
      socket_ = PLIMSOLL_TRY(make_socket_pair());
      launch_options.console = std::move(socket_.there);
    }
    Fd start_input;
    if (!hooks.start_container.empty()) {
      start_input = PLIMSOLL_TRY(make_hook_input());
      launch_options.hook_input = Fd(::fcntl(start_input.get(), F_DUPFD_CLOEXEC, 3));
    }
    NotifyEnds notify = PLIMSOLL_TRY(open_notify(config_, plan_.process.filter));
    Fd notify_state;
    if (notify.state) notify_state = Fd(::fcntl(notify.state.get(), F_DUPFD_CLOEXEC, 3));
    launch_options.notify_socket = std::move(notify.socket);
    launch_options.notify_state = std::move(notify.state);
    const DirFd* const born_in =
        passes_through_a_cgroup_namespace(plan_) ? nullptr : PLIMSOLL_TRY(cgroup_->clone_into());
    launch_options.cgroup = born_in == nullptr ? -1 : born_in->get();
    plan_.group_files = cgroup_->entry_files(born_in == nullptr ? ContainerCgroup::Born::kElsewhere
                                                                : ContainerCgroup::Born::kInside);
    child_ = PLIMSOLL_TRY(begin(plan_, std::move(launch_options)));
    const auto process = look_at_process(child_.pid());
    if (!process) return failure(ErrorKind::kGone, "launch", "container init was ended");
    view_.record.init = {child_.pid(), process->start_ticks};
    // Known before it can do anything: whatever ends us, `delete` finds it.
    PLIMSOLL_TRY(write_record(*directory_, view_.record));
    if (start_input)
      PLIMSOLL_TRY(
          fill_hook_input(start_input, hook_state_text(view_, Status::kCreated, child_.pid())));
    if (!config_.linux_.net_devices.empty()) PLIMSOLL_TRY(move_devices());
    if (notify_state) {
      const std::string state = hook_state_text(view_, Status::kCreating, child_.pid());
      PLIMSOLL_TRY(fill_hook_input(notify_state, notify_text(config_, state, child_.pid())));
    }
    PLIMSOLL_TRY(child_.let_go());
    cgroup_->entered();
    return {};
  }

  Result<> move_devices() {
    const auto join = std::ranges::find(plan_.joins, std::uint64_t{CLONE_NEWNET}, &Join::flag);
    const std::string path =
        join != plan_.joins.end() ? join->path : fill_in("/proc/{}/ns/net", child_.pid());
    const Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns) return os_failure("open", path);
    return move_net_devices(config_.linux_.net_devices, netns);
  }

  Result<> run_with_state(const std::vector<spec::Hook>& hooks, Status status, HookPlace place) {
    const Fd input = PLIMSOLL_TRY(make_hook_input());
    PLIMSOLL_TRY(fill_hook_input(input, hook_state_text(view_, status, child_.pid())));
    return run_hooks(hooks, input, place);
  }

  Result<> run_create_hooks() {
    const spec::Hooks& hooks = config_.hooks;
    if (hooks.prestart.empty() && hooks.create_runtime.empty() && hooks.create_container.empty())
      return {};
    PLIMSOLL_TRY(child_.await_mounts());
    PLIMSOLL_TRY(run_with_state(hooks.prestart, Status::kCreating, {}));
    PLIMSOLL_TRY(run_with_state(hooks.create_runtime, Status::kCreating, {}));
    HookPlace inside;
    inside.entered = child_.pidfd().get();
    inside.flags = plan_.new_namespaces & ~std::uint64_t{CLONE_NEWPID};
    PLIMSOLL_TRY(run_with_state(hooks.create_container, Status::kCreating, inside));
    return child_.resume();
  }

  const Host& host_;
  const CreateOptions& options_;
  std::string config_text_;
  spec::Config config_;
  View view_;
  std::optional<CgroupHost> cgroup_host_;
  std::optional<ContainerCgroup> cgroup_;
  std::optional<state::Directory> directory_;
  Plan plan_;
  SocketPair socket_;
  Fd terminal_;
  Rollback undo_;  // Runs after the child, which is declared below, has ended.
  Child child_;
};

}  // namespace

Result<> create(const Host& host, const CreateOptions& options) {
  Creation creation(host, options);
  PLIMSOLL_TRY(creation.prepare(Creation::Starts::kLater));
  creation.keep();
  return {};
}

Result<Started> create_and_start(const Host& host, const CreateOptions& options) {
  Creation creation(host, options);
  PLIMSOLL_TRY(creation.prepare(Creation::Starts::kHere));
  Started started = PLIMSOLL_TRY(creation.start());
  PLIMSOLL_TRY(creation.run_poststart_hooks());
  creation.keep();
  return started;
}

}  // namespace plimsoll::runtime
