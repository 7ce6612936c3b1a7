#include "runtime/launch/act.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/fill_in.h"
#include "runtime/launch/child.h"
#include "runtime/launch/kernel.h"
#include "runtime/launch/passage.h"
#include "runtime/launch/trees.h"

namespace plimsoll::runtime {

namespace {

Result<> write_process_file(pid_t pid, const char* name, const std::string& text) {
  const std::string path = fill_in("/proc/{}/{}", pid, name);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  const Fd file(fd);
  if (::write(fd, text.data(), text.size()) < 0) return os_failure("write", path + " <- " + text);
  return {};
}

// sched_setattr(2), as the kernel's headers have it and glibc's have not.
struct SchedulerAttributes {
  std::uint32_t size = 0;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

Result<> set_scheduler(pid_t pid, const spec::Scheduler& wanted) {
  SchedulerAttributes attributes;
  attributes.size = sizeof attributes;
  attributes.policy = wanted.policy;
  attributes.flags = wanted.flags;
  attributes.nice = wanted.nice;
  attributes.priority = static_cast<std::uint32_t>(wanted.priority);
  attributes.runtime = wanted.runtime;
  attributes.deadline = wanted.deadline;
  attributes.period = wanted.period;
  if (::syscall(SYS_sched_setattr, pid, &attributes, 0) != 0)
    return os_failure("sched_setattr", "error setting scheduler");
  return {};
}

// What the parent can do for the child with rights that the child is about to lose.
Result<> set_limits(pid_t pid, const ProcessPlan& process) {
  for (const spec::Rlimit& limit : process.rlimits) {
    const rlimit wanted{limit.soft, limit.hard};
    if (::prlimit(pid, static_cast<__rlimit_resource>(limit.resource), &wanted, nullptr) != 0)
      return failure(kind_of(errno), "launch",
                     fill_in("error setting rlimits for ready process: error setting rlimit "
                             "type {}: {}",
                             limit.resource, go_text(errno)));
  }
  if (process.oom_score_adj)
    PLIMSOLL_TRY(write_process_file(pid, "oom_score_adj", std::to_string(*process.oom_score_adj)));
  if (process.scheduler) PLIMSOLL_TRY(set_scheduler(pid, *process.scheduler));
  if (process.io_priority) {
    constexpr int kClassShift = 13;  // ioprio_set(2)
    const int value = process.io_priority->io_class << kClassShift | process.io_priority->priority;
    if (::syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, pid, value) != 0)
      return os_failure("ioprio_set", "error setting io priority");
  }
  return {};
}

// Enters a namespace for children made meanwhile, and leaves it again.
class Detour {
 public:
  Detour(const char* own, int flag) : flag_(flag), back_(::open(own, O_RDONLY | O_CLOEXEC)) {}
  ~Detour() {
    if (back_) ::setns(back_.get(), flag_);
  }
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

 private:
  int flag_;
  Fd back_;
};

std::vector<char*> pointers(const std::vector<std::string>& words, std::size_t extra) {
  std::vector<char*> list;
  list.reserve(words.size() + extra);
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.resize(words.size() + extra, nullptr);
  return list;
}

std::vector<int> descriptors(const Prepared& prepared) {
  std::vector<int> list{prepared.channel.get(),
                        prepared.listener.get(),
                        prepared.console.get(),
                        prepared.hook_input.get(),
                        prepared.notify_socket.get(),
                        prepared.notify_state.get(),
                        prepared.joined};
  for (const std::vector<Fd>* group :
       {&prepared.trees, &prepared.device_trees, &prepared.joins, &prepared.groups}) {
    for (const Fd& fd : *group) list.push_back(fd.get());
  }
  std::erase(list, -1);
  std::ranges::sort(list);
  return list;
}

Result<pid_t> clone_child(const Plan& plan, const Prepared& prepared, int cgroup, int& pidfd) {
  clone_args arguments{};
  arguments.flags = plan.new_namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  if (prepared.joins_entered) return clone_through(prepared, arguments, pidfd);
  const pid_t pid = clone3(arguments);
  if (pid < 0) return failure(kind_of(errno), "launch", fill_in("clone3: {}", go_text(errno)));
  if (pid == 0) child_main(prepared);
  return pid;
}

Result<pid_t> clone_in_place(const Plan& plan, Prepared& prepared, const LaunchOptions& options,
                             int& pidfd) {
  std::optional<Detour> time;
  if (plan.new_time_namespace) {
    time.emplace("/proc/self/ns/time", static_cast<int>(kNewTime));
    if (::unshare(static_cast<int>(kNewTime)) != 0)
      return os_failure("unshare", "a time namespace");
    if (!plan.time_offsets.empty())
      PLIMSOLL_TRY(write_process_file(::getpid(), "timens_offsets", plan.time_offsets));
  }
  std::optional<Detour> pid;
  const auto enter_pid = [&](int fd) -> Result<> {
    pid.emplace("/proc/self/ns/pid", CLONE_NEWPID);
    if (::setns(fd, CLONE_NEWPID) != 0) return os_failure("setns", "the pid namespace");
    return {};
  };
  if (options.joined >= 0 && (options.joined_flags & CLONE_NEWPID) != 0)
    PLIMSOLL_TRY(enter_pid(options.joined));
  for (std::size_t i = 0; i < prepared.joins.size(); ++i) {
    if (plan.joins[i].flag != CLONE_NEWPID || prepared.joins_entered) continue;
    PLIMSOLL_TRY(enter_pid(prepared.joins[i].get()));
  }
  return clone_child(plan, prepared, options.cgroup, pidfd);
}

// One message, or nothing when the child has closed its end.
Result<std::optional<Report>> receive(const Fd& channel) {
  Report report;
  ssize_t n = 0;
  do {
    n = ::recv(channel.get(), &report, sizeof report, 0);
  } while (n < 0 && errno == EINTR);
  if (n == 0) return std::optional<Report>();
  // A peer that closed with our byte unread resets: it has gone.
  if (n < 0 && errno == ECONNRESET) return std::optional<Report>();
  if (n < 0) return os_failure("recv", "report of the container's process");
  if (n != sizeof report) return failure(ErrorKind::kIo, "launch", "a report of the wrong size");
  return report;
}

Result<> say_to(const Fd& channel) {
  if (::send(channel.get(), "", 1, MSG_NOSIGNAL) == 1) return {};
  return failure(ErrorKind::kGone, "launch", "the container's process has gone");
}

Result<> await_end(const Fd& channel, const Plan& plan) {
  const std::optional<Report> report = PLIMSOLL_TRY(receive(channel));
  if (!report) return {};
  return describe(plan, *report);
}

}  // namespace

Child::Child(Child&& other) noexcept
    : plan_(other.plan_),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)),
      kept_(other.kept_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(plan_, other.plan_);
  std::swap(pid_, other.pid_);
  pidfd_.swap(other.pidfd_);
  channel_.swap(other.channel_);
  std::swap(kept_, other.kept_);
  return *this;
}

Child::~Child() {
  if (pid_ < 0 || kept_) return;
  pidfd_send_signal(pidfd_.get(), SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<> Child::expect(Message message) {
  const std::optional<Report> report = PLIMSOLL_TRY(receive(channel_));
  if (!report) {
    // Killed on its way: by a memory limit, by the filter, by somebody.
    int status = 0;
    std::string how;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      how = WIFSIGNALED(status) ? fill_in(": signal {}", WTERMSIG(status))
                                : fill_in(": exit status {}", WEXITSTATUS(status));
    }
    return failure(ErrorKind::kGone, "launch",
                   "container init was ended while it was set up (out of memory, or killed)" + how);
  }
  if (report->message == Message::kFailed) return describe(*plan_, *report);
  if (report->message != message)
    return failure(ErrorKind::kIo, "launch", "a report that was not expected");
  return {};
}

Result<> Child::say() {
  return say_to(channel_);
}

Result<> Child::let_go() {
  PLIMSOLL_TRY(expect(Message::kEntered));
  if (!plan_->uid_map.empty()) PLIMSOLL_TRY(write_id_maps(pid_, plan_->uid_map, plan_->gid_map));
  PLIMSOLL_TRY(set_limits(pid_, plan_->process));
  return say();
}

Result<> Child::await_mounts() {
  return expect(Message::kWaiting);
}
Result<> Child::resume() {
  return say();
}
Result<> Child::await_ready() {
  return expect(Message::kReady);
}
Result<> Child::start() {
  return say();
}
Result<> Child::await_exec() {
  return await_end(channel_, *plan_);
}

Result<> start_created(const Fd& socket, const Plan& plan) {
  PLIMSOLL_TRY(say_to(socket));
  return await_end(socket, plan);
}

Result<Child> begin(const Plan& plan, LaunchOptions options) {
  Prepared prepared;
  prepared.plan = &plan;
  prepared.joins_entered = needs_passage(plan);
  prepared.waits_for_hooks = options.has_hooks;
  prepared.waits_for_start = !options.listener;
  prepared.joined = options.joined;
  prepared.joined_flags = options.joined_flags;
  prepared.preserved_fds = options.preserved_fds;
  prepared.listener = std::move(options.listener);
  prepared.console = std::move(options.console);
  prepared.hook_input = std::move(options.hook_input);
  prepared.notify_socket = std::move(options.notify_socket);
  prepared.notify_state = std::move(options.notify_state);
  PLIMSOLL_TRY(open_trees(plan, prepared));
  PLIMSOLL_TRY(open_joins(plan, prepared));
  PLIMSOLL_TRY(open_groups(plan, prepared));
  prepared.argv = pointers(plan.process.args, 1);
  prepared.envp = pointers(plan.process.env, 2);
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return os_failure("socketpair", "for the container's process");
  Child child;
  child.plan_ = &plan;
  child.channel_ = Fd(ends[0]);
  prepared.channel = Fd(ends[1]);
  prepared.kept = descriptors(prepared);
  // Nobody in the container may look into the child, or take its descriptors, before it has become
  // the program (CVE-2016-9962); exec makes it its own again.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os_failure("prctl", "PR_SET_DUMPABLE");
  int pidfd = -1;
  child.pid_ = PLIMSOLL_TRY(clone_in_place(plan, prepared, options, pidfd));
  child.pidfd_ = Fd(pidfd);
  return child;
}

}  // namespace plimsoll::runtime
