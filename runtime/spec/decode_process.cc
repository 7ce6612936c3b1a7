#include <linux/ioprio.h>

#include "runtime/spec/parts.h"
#include "runtime/spec/rlimit_names.h"

namespace plimsoll::spec {

namespace {

// The kernel reads -1 as "do not change" in setresuid(2) and its kin: never an id. One more wraps
// to 0 in a reader of 32 bits (CVE-2024-40635).
constexpr Range<std::uint32_t> kIds = {.high = 4294967294U};

Result<std::uint32_t> read_id(const Node& node) {
  return required_number<std::uint32_t>(node, kIds);
}

Result<User> read_user(const Node& node) {
  User user;
  user.uid = PLIMSOLL_TRY(number_or<std::uint32_t>(node["uid"], 0, kIds));
  user.gid = PLIMSOLL_TRY(number_or<std::uint32_t>(node["gid"], 0, kIds));
  user.umask = PLIMSOLL_TRY(number<std::uint32_t>(node["umask"], {.high = 0777}));
  user.additional_gids = PLIMSOLL_TRY(list(node["additionalGids"], read_id));
  return user;
}

// The kernel keeps both in 16 bits (struct winsize).
Result<Box> read_box(const Node& node) {
  Box box;
  box.height = PLIMSOLL_TRY(required_number<std::uint64_t>(node["height"], {.high = 65535}));
  box.width = PLIMSOLL_TRY(required_number<std::uint64_t>(node["width"], {.high = 65535}));
  return box;
}

Result<std::string> read_variable(const Node& node) {
  std::string variable = PLIMSOLL_TRY(required_text(node));
  const std::size_t equals = variable.find('=');
  if (equals == std::string::npos) return node.fails("must be NAME=value");
  if (equals == 0) return node.fails("the name before '=' is empty");
  return variable;
}

Result<Rlimit> read_rlimit(const Node& node) {
  Rlimit limit;
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  limit.resource = PLIMSOLL_TRY(word(node["type"], kRlimitNames));
  limit.hard = PLIMSOLL_TRY(required_number<std::uint64_t>(node["hard"]));
  limit.soft = PLIMSOLL_TRY(required_number<std::uint64_t>(node["soft"]));
  if (limit.soft > limit.hard) return node["soft"].fails("is above the hard limit");
  return limit;
}

Result<std::vector<Rlimit>> read_rlimits(const Node& node) {
  std::vector<Rlimit> limits = PLIMSOLL_TRY(list(node, read_rlimit));
  for (std::size_t i = 0; i < limits.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (limits[i].resource == limits[j].resource)
        return Node(node, i, &node.value().members[i].value)["type"].fails("stands twice");
  return limits;
}

Result<IoPriority> read_io_priority(const Node& node) {
  static constexpr Word<int> kClasses[] = {{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
                                           {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
                                           {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE}};
  IoPriority priority;
  priority.io_class = PLIMSOLL_TRY(word(node["class"], kClasses));
  priority.priority = PLIMSOLL_TRY(number_or<int>(node["priority"], 0, {.low = 0, .high = 7}));
  return priority;
}

Result<ExecCpuAffinity> read_affinity(const Node& node) {
  ExecCpuAffinity affinity;
  affinity.initial = PLIMSOLL_TRY(cpu_list(node["initial"]));
  affinity.final = PLIMSOLL_TRY(cpu_list(node["final"]));
  return affinity;
}

}  // namespace

Result<Process> read_process(const Node& node) {
  Process process;
  process.terminal = PLIMSOLL_TRY(flag(node["terminal"]));
  // Without a terminal the size "MUST be ignored", whatever it is.
  if (process.terminal) process.console_size = PLIMSOLL_TRY(object(node["consoleSize"], read_box));
  PLIMSOLL_TRY(required_text(node["cwd"]));
  process.cwd = PLIMSOLL_TRY(absolute_path(node["cwd"]));
  process.env = PLIMSOLL_TRY(list(node["env"], read_variable));
  process.args = PLIMSOLL_TRY(texts(node["args"]));
  if (process.args.empty()) return node["args"].fails("must name a program");
  process.user = PLIMSOLL_TRY(object(node["user"], read_user)).value_or(User{});
  process.rlimits = PLIMSOLL_TRY(read_rlimits(node["rlimits"]));
  process.apparmor_profile = PLIMSOLL_TRY(text(node["apparmorProfile"]));
  process.capabilities = PLIMSOLL_TRY(object(node["capabilities"], read_capabilities));
  process.no_new_privileges = PLIMSOLL_TRY(flag(node["noNewPrivileges"]));
  process.oom_score_adj =
      PLIMSOLL_TRY(number<int>(node["oomScoreAdj"], {.low = -1000, .high = 1000}));
  process.scheduler = PLIMSOLL_TRY(object(node["scheduler"], read_scheduler));
  process.selinux_label = PLIMSOLL_TRY(text(node["selinuxLabel"]));
  process.io_priority = PLIMSOLL_TRY(object(node["ioPriority"], read_io_priority));
  process.exec_cpu_affinity = PLIMSOLL_TRY(object(node["execCPUAffinity"], read_affinity));
  return process;
}

}  // namespace plimsoll::spec
