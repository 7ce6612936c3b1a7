// From a created container to a process that runs. Whatever fails, all that was made is undone.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/open_in_root.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/files.h"
#include "runtime/engine/log_limits.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"
#include "runtime/engine/spawn.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Clients make their exit codes of these words, and so do we.
int code_of(const std::string& words) {
  constexpr int kNotExecutable = 126;
  constexpr int kNotFound = 127;
  constexpr int kOther = 128;
  if (has(words, "executable file not found") || has(words, "no such file or directory") ||
      has(words, "not a directory"))
    return kNotFound;
  if (has(words, "permission denied") || has(words, "is a directory")) return kNotExecutable;
  return kOther;
}

model::Refusal runtime_refusal(std::string words) {
  const bool is_askers = code_of(words) != 128;
  return {is_askers ? Refused::kInvalid : Refused::kFailed,
          "failed to create task for container: failed to create shim task: OCI runtime create "
          "failed: " +
              std::move(words) + ": unknown"};
}

// The working directory, made where the image has none.
Result<> make_in_root(const DirFd& root, const std::string& path, const Identity& owner) {
  std::string done;
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(rest.starts_with('/') ? 1 : 0);
    const std::string part(rest.substr(0, rest.find('/')));
    rest.remove_prefix(part.size());
    if (part.empty()) continue;
    const auto parent = open_in_root(root, done.empty() ? "/" : done, O_PATH | O_DIRECTORY);
    if (!parent) return std::unexpected(parent.error());
    done += "/" + part;
    struct stat facts{};
    if (::fstatat(parent->get(), part.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0) continue;
    if (::mkdirat(parent->get(), part.c_str(), 0755) != 0) return os_failure("mkdirat", done);
    std::ignore = ::fchownat(parent->get(), part.c_str(), owner.uid, owner.gid, 0);
  }
  return {};
}

}  // namespace

Answer<> EngineImpl::start(std::string_view reference) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  Stored& stored = entry->stored;
  switch (stored.container.state.status) {
    case Status::kRunning:
      return refuse(Refused::kNotModified, "Container already started");
    case Status::kPaused:
      return refuse(Refused::kConflict, "cannot start a paused container, try unpause instead");
    case Status::kRemoving:
    case Status::kDead:
      return refuse(Refused::kConflict, "container is marked for removal and cannot be started");
    default:
      break;
  }
  forget_restart(*entry);
  entry->back_off = std::chrono::milliseconds(0);
  stored.container.restart_count = 0;
  stored.manually_stopped = false;
  auto started = begin_run(entry);
  if (!started && stored.container.definition.host.auto_remove) remove_itself(entry);
  return started;
}

Answer<> EngineImpl::begin_run(const EntryPtr& entry) {
  Stored& stored = entry->stored;
  stored.starting = true;
  save_state(*entry);
  Answer<> done;
  {
    // Ends last, when the groups of a start that failed are gone.
    const auto watcher = options_.watch_start ? options_.watch_start(entry->id) : nullptr;
    Rollback undo;
    done = try_run(entry, watcher.get(), undo);
    if (done) undo.commit();
  }
  stored.starting = false;
  if (!done) start_failed(*entry, done.error());
  return done;
}

void EngineImpl::start_failed(Entry& entry, const model::Refusal& why) {
  State& state = entry.stored.container.state;
  state.error = why.message;
  state.exit_code = code_of(why.message);
  state.pid = 0;
  if (state.status != Status::kCreated) state.status = Status::kExited;
  entry.stored.container.cgroup.clear();
  save_state(entry);
  for (const auto& attachment : entry.early) attachment->detach();
  entry.early.clear();
  publish(entry);
  notify_end(entry);
}

Answer<std::string> EngineImpl::join(const std::string& mode, const char* kind) const {
  const std::string other = other_of(mode);
  if (other.empty()) return mode == "host" ? std::string("host") : std::string();
  const ContainerPtr found = PLIMSOLL_TRY(find(other));
  if (found->state.status != Status::kRunning && found->state.status != Status::kPaused)
    return refuse(Refused::kConflict, fill_in("cannot join {} of a non running container: {}",
                                              std::string_view(kind) == "net"   ? "network"
                                              : std::string_view(kind) == "ipc" ? "IPC"
                                                                                : "PID",
                                              found->id));
  return fill_in("/proc/{}/ns/{}", found->state.pid, kind);
}

Answer<> EngineImpl::join_namespaces(Entry& entry, BundleFacts& facts, Rollback& undo,
                                     Wiring& wiring) {
  Container& container = entry.stored.container;
  const model::HostConfig& host = container.definition.host;
  facts.pid = PLIMSOLL_TRY(join(host.pid_mode, "pid"));
  facts.ipc = PLIMSOLL_TRY(join(host.ipc_mode, "ipc"));
  facts.uts = host.uts_mode == "host" ? "host" : "";
  const std::string shm = run_dir_of(entry.id) + "/shm";
  if (host.ipc_mode == "host") {
    facts.shm = "/dev/shm";
  } else if (const std::string other = other_of(host.ipc_mode); !other.empty()) {
    const ContainerPtr found = PLIMSOLL_TRY(find(other));
    if (found->definition.host.ipc_mode != "shareable")
      return refuse(Refused::kInvalid,
                    fill_in("can't join IPC of container {}: non-shareable IPC (hint: use "
                            "IpcMode:shareable for the donor container)",
                            found->id));
    facts.shm = run_dir_of(found->id) + "/shm";
  } else if (host.ipc_mode == "shareable") {
    PLIMSOLL_TRY(make_directories(shm, 0700));
    const std::string options = "mode=1777,size=" + std::to_string(host.shm_size);
    if (::mount("shm", shm.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()) !=
        0) {
      const Result<> failed = os_failure("mount", shm);
      return std::unexpected(model::Refusal(failed.error()));
    }
    undo.on_failure([shm] { ::umount2(shm.c_str(), MNT_DETACH); });
    facts.shm = shm;
  }
  if (host.network_mode == "host") {
    facts.network = "host";
    PLIMSOLL_TRY(write_etc(entry));
    return {};
  }
  const std::string other = other_of(host.network_mode);
  if (other.empty()) return connect_all(entry, facts, undo, wiring);
  facts.network = PLIMSOLL_TRY(join(host.network_mode, "net"));
  // Names and files are those of whoever has the network.
  const ContainerPtr found = PLIMSOLL_TRY(find(other));
  container.hosts_path = found->hosts_path;
  container.hostname_path = found->hostname_path;
  container.resolv_conf_path = found->resolv_conf_path;
  container.definition.config.hostname = found->definition.config.hostname;
  return {};
}

Answer<> EngineImpl::prepare_places(Entry& entry, Rollback& undo) {
  for (const Place& place : entry.stored.places) {
    const MountPoint& point = place.point;
    if (point.type == "volume") {
      PLIMSOLL_TRY(volumes_->hold(point.name, entry.id));
      undo.on_failure([this, name = point.name, id = entry.id] { volumes_->release(name, id); });
    } else if (point.type == "bind" && !exists(point.source)) {
      if (!place.make_source)
        return refuse(Refused::kInvalid,
                      fill_in("invalid mount config for type \"bind\": bind source path does not "
                              "exist: {}",
                              point.source));
      PLIMSOLL_TRY(make_directories(point.source, 0755));
    }
  }
  return {};
}

Answer<BundleFacts> EngineImpl::gather(Entry& entry, Rollback& undo, Wiring& wiring) {
  const Container& container = entry.stored.container;
  const model::Definition& definition = container.definition;
  BundleFacts facts;
  facts.rootfs = PLIMSOLL_TRY(images_->mount_root(entry.id));
  undo.on_failure([this, id = entry.id] { std::ignore = images_->unmount_root(id); });
  PLIMSOLL_TRY(make_directories(run_dir_of(entry.id), 0700));
  PLIMSOLL_TRY(join_namespaces(entry, facts, undo, wiring));
  PLIMSOLL_TRY(prepare_places(entry, undo));
  facts.places = entry.stored.places;
  const DirFd root = PLIMSOLL_TRY(open_dir(facts.rootfs.c_str()));
  facts.user = PLIMSOLL_TRY(find_user_in(root, definition.config.user, definition.host.group_add));
  if (!definition.config.working_dir.empty())
    PLIMSOLL_TRY(make_in_root(root, clean_path(definition.config.working_dir), facts.user));
  facts.link_variables = PLIMSOLL_TRY(link_variables(entry));
  facts.cgroup_version = cgroup_version_;
  const std::string& parent = definition.host.resources.cgroup_parent.empty()
                                  ? options_.cgroup_parent
                                  : definition.host.resources.cgroup_parent;
  facts.cgroups_path = options_.systemd_cgroups ? parent + ":plimsoll:" + entry.id
                                                : clean_path(parent) + "/" + entry.id;
  if (definition.host.init == true) {
    facts.init = options_.shim.substr(0, options_.shim.rfind('/') + 1) + "plimsoll-init";
    if (!exists(facts.init))
      return refuse(Refused::kFailed, fill_in("--init: there is no {}", facts.init));
  }
  return facts;
}

Answer<> EngineImpl::try_run(const EntryPtr& entry, StartWatcher* watcher, Rollback& undo) {
  Container& container = entry->stored.container;
  const model::Config& config = container.definition.config;
  const std::string directory = run_dir_of(entry->id);
  undo.on_failure([directory] { std::ignore = remove_tree(directory); });
  Wiring wiring;
  const BundleFacts facts = PLIMSOLL_TRY(gather(*entry, undo, wiring));
  const std::string bundle = PLIMSOLL_TRY(make_bundle(container, facts));
  PLIMSOLL_TRY(replace_file(directory + "/config.json", bundle, 0600));
  const std::string keeper = directory + "/keeper";
  PLIMSOLL_TRY(remove_tree(keeper));
  PLIMSOLL_TRY(make_directories(keeper, 0700));
  KeeperRequest request;
  request.shim = options_.shim;
  request.dir = keeper;
  request.pid_file = directory + "/pid";
  request.log = container.log_path;
  request.log_limits = PLIMSOLL_TRY(log_limits_of(container.definition.host.log_config));
  request.terminal = config.tty;
  request.stdin_open = config.open_stdin;
  request.command = {options_.oci, "--root", options_.run_dir + "/oci", "--log", "/dev/null"};
  if (options_.systemd_cgroups) {
    // systemd removes the group when the container has ended, with what it knows.
    if (cgroup_version_ == CgroupVersion::kV2) request.cgroups = "/sys/fs/cgroup";
    request.command.emplace_back("--systemd-cgroup");
  }
  request.command.insert(request.command.end(),
                         {"create", "--bundle", directory, "--pid-file", request.pid_file});
  if (config.tty)
    request.command.insert(request.command.end(), {"--console-socket", keeper + "/console.sock"});
  request.command.push_back(entry->id);
  auto run = std::make_shared<Run>();
  // The keeper ends when its container is removed.
  undo.on_failure([this, id = entry->id, run] {
    std::ignore = runtime::remove(*host_, id, runtime::Force::kYes);
    reap_keeper(run->keeper);
  });
  auto spawned = spawn_keeper(request);
  if (!spawned) {
    if (spawned.error().kind == ErrorKind::kRejected)
      return std::unexpected(runtime_refusal(spawned.error().subject));
    return std::unexpected(model::Refusal(spawned.error()));
  }
  run->keeper = spawned->keeper;
  run->begun = RealClock().now();
  run->dir = PLIMSOLL_TRY(open_dir(keeper.c_str()));
  run->connection = PLIMSOLL_TRY(shim::Connection::connect(run->dir));
  PLIMSOLL_TRY(run->connection->send(shim::Request::kWait));
  for (const auto& attachment : entry->early) PLIMSOLL_TRY(attachment->connect(run->dir));
  if (wiring.valid()) PLIMSOLL_TRY(wiring.get());
  if (const auto view = runtime::look(*host_, entry->id))
    container.cgroup = view->record.cgroups.group;
  if (watcher != nullptr && !container.cgroup.empty()) watcher->before_first_instruction(container);
  if (const auto started = runtime::start(*host_, entry->id); !started)
    return std::unexpected(runtime_refusal(started.error().message()));
  undo.commit();
  State& state = container.state;
  state.status = Status::kRunning;
  state.pid = spawned->process;
  state.started = RealClock().wall();
  state.exit_code = 0;
  state.oom_killed = false;
  state.error.clear();
  entry->run = run;
  entry->stored.starting = false;
  save_state(*entry);
  publish(*entry);
  tell_about(container, "start");
  for (const auto& attachment : std::exchange(entry->early, {})) attachment->begin();
  watch(entry, run);
  begin_health(entry);
  return {};
}

}  // namespace plimsoll::engine
