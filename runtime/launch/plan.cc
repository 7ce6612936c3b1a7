#include "runtime/launch/plan.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include <algorithm>

#include "base/fill_in.h"
#include "runtime/launch/kernel.h"
#include "runtime/launch/number_list.h"

namespace plimsoll::runtime {

namespace {

std::string map_text(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& mapping : mappings)
    text += fill_in("{} {} {}\n", mapping.container_id, mapping.host_id, mapping.size);
  return text;
}

std::uint64_t propagation_flag(spec::Propagation propagation) {
  switch (propagation) {
    case spec::Propagation::kPrivate:
      return MS_PRIVATE;
    case spec::Propagation::kShared:
      return MS_SHARED;
    case spec::Propagation::kSlave:
      return MS_SLAVE;
    case spec::Propagation::kUnbindable:
      return MS_UNBINDABLE;
  }
  return MS_PRIVATE;
}

void append_candidates(std::string_view name, std::string_view path,
                       std::vector<std::string>& candidates) {
  while (true) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    // An empty entry says "here", which no container's search should mean.
    if (!directory.empty()) candidates.push_back(std::string(directory) + "/" + std::string(name));
    if (colon == std::string_view::npos) return;
    path.remove_prefix(colon + 1);
  }
}

void plan_root(const spec::Config& config, const PlanOptions& options, Plan& plan) {
  plan.rootfs = config.root.path.starts_with('/') ? config.root.path
                                                  : options.bundle + "/" + config.root.path;
  plan.pivots = options.pivot;
  plan.readonly_root = config.root.readonly;
  // As a slave of the host, what the host mounts later is still seen and nothing goes back.
  plan.root_propagation = MS_SLAVE | MS_REC;
  if (const auto& wanted = config.linux_.rootfs_propagation) {
    const std::uint64_t flag = propagation_flag(wanted->propagation);
    plan.final_propagation = PropagationChange{flag, wanted->recursive};
    // "unbindable" is for the container's root: of all the host's mounts it would forbid every
    // bind.
    if (flag != MS_UNBINDABLE) plan.root_propagation = flag | MS_REC;
  }
}

// What is asked for and cannot be given yet must not be left out in silence.
Failure not_offered(const char* field) {
  return failure(ErrorKind::kNotOffered, "plan", fill_in("{} is not offered yet", field));
}

Result<> refuse_unoffered(const spec::Config& config) {
  const char* field = nullptr;
  if (config.linux_.intel_rdt) field = "/linux/intelRdt:";
  if (field == nullptr) return {};
  return not_offered(field);
}

}  // namespace

std::uint64_t namespace_flag(spec::NamespaceType type) {
  switch (type) {
    case spec::NamespaceType::kPid:
      return CLONE_NEWPID;
    case spec::NamespaceType::kNetwork:
      return CLONE_NEWNET;
    case spec::NamespaceType::kMount:
      return CLONE_NEWNS;
    case spec::NamespaceType::kIpc:
      return CLONE_NEWIPC;
    case spec::NamespaceType::kUts:
      return CLONE_NEWUTS;
    case spec::NamespaceType::kUser:
      return CLONE_NEWUSER;
    case spec::NamespaceType::kCgroup:
      return CLONE_NEWCGROUP;
    case spec::NamespaceType::kTime:
      return kNewTime;
  }
  return 0;
}

std::optional<unsigned long> personality_of(const spec::Config& config) {
  if (!config.linux_.personality) return std::nullopt;
  return *config.linux_.personality == spec::PersonalityDomain::kLinux32
             ? static_cast<unsigned long>(PER_LINUX32)
             : static_cast<unsigned long>(PER_LINUX);
}

Result<std::optional<MemoryPolicy>> memory_policy_of(const spec::Config& config) {
  const std::optional<spec::MemoryPolicy>& wanted = config.linux_.memory_policy;
  if (!wanted) return std::optional<MemoryPolicy>();
  MemoryPolicy policy;
  policy.mode = wanted->mode | wanted->flags;
  policy.nodes = PLIMSOLL_TRY(in("/linux/memoryPolicy/nodes", bits_of_list(wanted->nodes)));
  return std::optional<MemoryPolicy>(std::move(policy));
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  std::string clean;
  for (const std::string_view name : names) {
    if (!clean.empty()) clean += '/';
    clean += name;
  }
  return clean.empty() ? "." : clean;
}

Result<> plan_namespaces(const spec::Config& config, Plan& plan) {
  bool has_user = false;
  for (const spec::Namespace& entry : config.linux_.namespaces) {
    const std::uint64_t flag = namespace_flag(entry.type);
    has_user = has_user || flag == CLONE_NEWUSER;
    if (!entry.path.empty()) {
      plan.joins.push_back({flag, entry.path});
    } else if (flag == CLONE_NEWCGROUP) {
      plan.new_cgroup_namespace = true;
    } else if (flag == kNewTime) {
      plan.new_time_namespace = true;
    } else {
      plan.new_namespaces |= flag;
    }
  }
  if ((plan.new_namespaces & CLONE_NEWUSER) != 0) {
    plan.uid_map = map_text(config.linux_.uid_mappings);
    plan.gid_map = map_text(config.linux_.gid_mappings);
  }
  plan.has_user_namespace = has_user;
  if ((plan.new_namespaces & CLONE_NEWNS) == 0)
    return invalid_input("plan",
                         "/linux/namespaces: a new mount namespace is needed: without one the "
                         "container's mounts would be the host's");
  const auto add_offset = [&plan](const char* clock, const spec::TimeOffset& offset) {
    plan.time_offsets += fill_in("{} {} {}\n", clock, offset.seconds, offset.nanoseconds);
  };
  if (config.linux_.monotonic_offset) add_offset("monotonic", *config.linux_.monotonic_offset);
  if (config.linux_.boottime_offset) add_offset("boottime", *config.linux_.boottime_offset);
  return {};
}

Result<ProcessPlan> make_process_plan(const spec::Process& process) {
  ProcessPlan plan;
  plan.args = process.args;
  plan.env = process.env;
  std::string_view path;
  for (const std::string& variable : plan.env) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
    if (variable.starts_with("HOME=")) plan.has_home = true;
  }
  if (plan.args.empty()) return invalid_input("plan", "/process/args: must not be empty");
  if (plan.args[0].find('/') != std::string::npos) {
    plan.candidates = {plan.args[0]};
  } else {
    append_candidates(plan.args[0], path, plan.candidates);
  }
  plan.cwd = process.cwd;
  plan.umask = process.user.umask;
  plan.uid = process.user.uid;
  plan.gid = process.user.gid;
  plan.groups.assign(process.user.additional_gids.begin(), process.user.additional_gids.end());
  plan.capabilities = process.capabilities;
  plan.rlimits = process.rlimits;
  plan.oom_score_adj = process.oom_score_adj;
  plan.scheduler = process.scheduler;
  plan.io_priority = process.io_priority;
  plan.no_new_privileges = process.no_new_privileges;
  plan.terminal = process.terminal;
  plan.console_size = process.console_size;
  if (!process.apparmor_profile.empty()) {
    plan.label_file = "attr/apparmor/exec";
    plan.label = "exec " + process.apparmor_profile;
  } else if (!process.selinux_label.empty()) {
    plan.label_file = "attr/exec";
    plan.label = process.selinux_label;
  }
  return plan;
}

Result<Plan> make_plan(const spec::Config& config, const PlanOptions& options) {
  Plan plan;
  if (!config.process) return invalid_input("plan", "/process: must be given");
  PLIMSOLL_TRY(refuse_unoffered(config));
  plan.process = PLIMSOLL_TRY(make_process_plan(*config.process));
  if (options.new_keyring) plan.process.keyring = "_ses." + options.id;
  plan.process.filter = options.filter;
  plan.process.personality = personality_of(config);
  plan.process.memory_policy = PLIMSOLL_TRY(memory_policy_of(config));
  plan.hostname = config.hostname;
  plan.domainname = config.domainname;
  plan.start_hooks = config.hooks.start_container;
  plan_root(config, options, plan);
  PLIMSOLL_TRY(plan_namespaces(config, plan));
  PLIMSOLL_TRY(plan_mounts(config, options, plan));
  PLIMSOLL_TRY(plan_sysctls(config, plan));
  plan_devices(config, plan);
  plan.masked_paths = config.linux_.masked_paths;
  plan.readonly_paths = config.linux_.readonly_paths;
  return plan;
}

}  // namespace plimsoll::runtime
