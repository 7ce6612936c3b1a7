// Beginning, and beginning again after a death: every record is read, every keeper looked at, what
// runs is taken up, what ended is settled, what is nobody's is removed.
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/number.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/exec_entry.h"
#include "runtime/engine/files.h"
#include "runtime/engine/names.h"
#include "runtime/engine/spawn.h"

namespace plimsoll::engine {

using model::Answer;

namespace {

constexpr int kUnknown = 255;  // Ended while nobody looked, as after a reboot.
constexpr int kKilled = 128 + SIGKILL;

// The words of a process's command line, "" between them as the kernel has it.
std::string command_line_of(const std::string& pid) {
  const auto text = read_text("/proc/" + pid + "/cmdline");
  return text ? *text : std::string();
}

struct KeeperSeen {
  pid_t pid = 0;
  std::string dir;
};

// Keepers that work below `run_dir`, and commands of the runtime on our containers.
std::vector<KeeperSeen> find_keepers(const std::string& run_dir) {
  std::vector<KeeperSeen> all;
  const std::string wanted = std::string("--dir") + '\0' + run_dir + "/engine/";
  for (const std::string& name : names_in("/proc")) {
    const auto pid = to_number<pid_t>(name);
    if (!pid) continue;
    const std::string line = command_line_of(name);
    const std::size_t first = line.find('\0');
    if (first == std::string::npos || line.compare(first + 1, wanted.size(), wanted) != 0) continue;
    const std::size_t from = first + 1 + 6;
    all.push_back({*pid, line.substr(from, line.find('\0', from) - from)});
  }
  return all;
}

// With what it started: it leads a session of its own.
void end_keeper(pid_t pid) {
  ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
  while (::kill(pid, 0) == 0) {
    // A child of ours is reaped here, another's by whoever has it.
    reap_keeper(pid);
    if (command_line_of(std::to_string(pid)).empty()) break;
    ::usleep(1000);
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(Options options) {
  auto engine = std::make_unique<EngineImpl>(std::move(options));
  PLIMSOLL_TRY(engine->open_all());
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::~EngineImpl() {
  // Nothing begins any more; what is on its way ends; containers go on.
  if (pool_) pool_->stop();
  if (loop_) loop_->stop();
}

Result<> EngineImpl::open_all() {
  if (options_.cgroup_parent.empty())
    options_.cgroup_parent = options_.systemd_cgroups ? "plimsoll.slice" : "/plimsoll";
  PLIMSOLL_TRY(make_directories(options_.state_dir, 0711));
  PLIMSOLL_TRY(make_directories(options_.state_dir + "/containers", 0710));
  PLIMSOLL_TRY(make_directories(options_.run_dir, 0755));
  PLIMSOLL_TRY(make_directories(options_.run_dir + "/engine", 0700));
  PLIMSOLL_TRY(make_directories(options_.run_dir + "/containers", 0755));
  PLIMSOLL_TRY(make_directories(options_.run_dir + "/passing", 0700));
  host_ = PLIMSOLL_TRY(runtime::open_host(
      options_.run_dir + "/oci", options_.systemd_cgroups ? runtime::CgroupManager::kSystemd
                                                          : runtime::CgroupManager::kFiles));
  cgroup_version_ =
      exists("/sys/fs/cgroup/cgroup.controllers") ? CgroupVersion::kV2 : CgroupVersion::kV1;
  images_ = PLIMSOLL_TRY(image::Store::open(options_.state_dir + "/images", options_.storage_driver,
                                            options_.registries));
  options_.net.state_dir = options_.state_dir + "/networks";
  options_.net.run_dir = options_.run_dir + "/net";
  networks_ = PLIMSOLL_TRY(net::Networks::open(options_.net));
  volumes_ = PLIMSOLL_TRY(Volumes::open(options_.state_dir + "/volumes"));
  loop_ = PLIMSOLL_TRY(Loop::start());
  pool_ = std::make_unique<Pool>();
  events_ = std::make_shared<Events>(*loop_);
  inotify_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) return os_failure("inotify_init1", "logs");
  loop_->post([this] {
    const auto watched = loop_->watch(inotify_, EPOLLIN, [this](std::uint32_t) { on_log_grown(); });
    if (!watched) log::error(watched.error().message());
  });
  PLIMSOLL_TRY(load());
  recover();
  return {};
}

Result<> EngineImpl::load() {
  std::set<std::string> ids;
  for (const std::string& directory :
       {options_.state_dir + "/containers", options_.run_dir + "/passing"}) {
    for (const std::string& name : names_in(directory)) {
      if (is_id(name))
        ids.insert(name);
      else
        std::ignore = remove_tree(directory + "/" + name);
    }
  }
  for (const std::string& id : ids) PLIMSOLL_TRY(load_one(id));
  return {};
}

Result<> EngineImpl::load_one(const std::string& id) {
  auto entry = std::make_shared<Entry>(id);
  entry->passing = exists(passing_dir_of(id) + "/config.json");
  auto config = read_text(record_dir_of(*entry) + "/config.json");
  if (!config && config.error().kind == ErrorKind::kNotOffered) {
    // It had not begun to be, or went with the machine's last run.
    std::ignore = remove_tree(state_dir_of(id));
    std::ignore = remove_tree(passing_dir_of(id));
    return {};
  }
  if (!config) return std::unexpected(config.error());
  auto stored = decode_config(*config);
  if (!stored) {
    // Left where it is for people to look at.
    log::error("container " + short_id(id) + ": config.json: " + stored.error().message());
    return {};
  }
  entry->stored = *std::move(stored);
  const auto state = read_text(record_dir_of(*entry) + "/state.json");
  const auto decoded = state ? decode_state(*state, entry->stored) : Result<>();
  if (!decoded) log::warn("container " + short_id(id) + ": state.json: lost");
  entries_[id] = entry;
  names_[entry->stored.container.name] = id;
  normalise(*entry);
  return {};
}

void EngineImpl::recover() {
  std::vector<EntryPtr> entries;
  entries.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) entries.push_back(entry);
  end_strangers();
  std::vector<std::string> running;
  for (const EntryPtr& entry : entries) {
    const Lock held(entry->change);
    take_up(entry);
    if (!entry->gone && entry->run) running.push_back(entry->id);
  }
  sweep();
  if (const auto restored = networks_->restore(running); !restored)
    log::error("networks: " + restored.error().message());
  for (const EntryPtr& entry : entries) {
    const Lock held(entry->change);
    if (!entry->gone) publish(*entry);
  }
  start_again();
}

// Keepers whose container is not written down as running (its start was not finished, or it was
// ended), and commands of the runtime that a dead program left at work.
void EngineImpl::end_strangers() {
  for (const KeeperSeen& keeper : find_keepers(options_.run_dir)) {
    const std::string prefix = options_.run_dir + "/engine/";
    const std::string id = keeper.dir.substr(prefix.size(), 64);
    const auto found = entries_.find(id);
    const bool is_known = found != entries_.end() && !found->second->stored.starting &&
                          found->second->stored.phase == Stored::Phase::kMade &&
                          (found->second->stored.container.state.status == Status::kRunning ||
                           found->second->stored.container.state.status == Status::kPaused);
    // An exec whose beginning nobody waits for any more goes, too.
    const std::string own = keeper.dir.substr(0, keeper.dir.rfind('/'));
    const bool is_half_made = own.find("/exec-") != std::string::npos && !exists(own + "/pid");
    if (!is_known || is_half_made) end_keeper(keeper.pid);
  }
}

// Whatever a record says, made true or settled. Under `change`.
void EngineImpl::take_up(const EntryPtr& entry) {
  Stored& stored = entry->stored;
  State& state = stored.container.state;
  if (stored.phase == Stored::Phase::kMaking) {
    for (Place& place : stored.places)
      place.anonymous = place.anonymous && !place.point.name.empty();
  }
  if (stored.phase != Stored::Phase::kMade) {
    clear_run(*entry);
    if (const auto removed = remove_locked(entry, VolumesToo::kRemove); !removed)
      log::error("container " + short_id(entry->id) + ": " + removed.error().message);
    return;
  }
  const bool ran = state.status == Status::kRunning || state.status == Status::kPaused;
  if (stored.starting) {
    clear_run(*entry);
    stored.starting = false;
    state.pid = 0;
    if (state.status != Status::kCreated && state.status != Status::kRestarting)
      state.status = Status::kExited;
    if (state.error.empty()) state.error = "the engine ended while the container was started";
    save_state(*entry);
    return;
  }
  if (!ran) {
    if (state.status == Status::kRemoving || state.status == Status::kDead)
      state.status = Status::kExited;
    // What its last end left, if that was not finished.
    if (exists(run_dir_of(entry->id))) clear_run(*entry);
    return;
  }
  auto run = std::make_shared<Run>();
  auto dir = open_dir((run_dir_of(entry->id) + "/keeper").c_str());
  const auto look = dir ? shim::look(*dir) : Result<shim::Look>(std::unexpected(dir.error()));
  if (dir) run->dir = *std::move(dir);
  run->begun = RealClock().now();
  entry->run = run;
  if (look && look->state == shim::Look::State::kKept) {
    auto connection = shim::Connection::connect(run->dir);
    if (connection && connection->send(shim::Request::kWait)) {
      ucred peer{};
      socklen_t size = sizeof peer;
      if (::getsockopt(connection->socket().get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        run->keeper = peer.pid;
      run->connection = *std::move(connection);
      if (const auto view = runtime::look(*host_, entry->id))
        stored.container.cgroup = view->record.cgroups.group;
      for (const Place& place : stored.places)
        if (place.point.type == "volume") std::ignore = volumes_->hold(place.point.name, entry->id);
      publish(*entry);
      for (const std::string& name : names_in(run_dir_of(entry->id)))
        if (name.starts_with("exec-")) adopt_exec(entry, name);
      watch(entry, run);
      begin_health(entry);
      return;
    }
  }
  shim::ExitRecord record{.exit_code = kKilled, .signal = SIGKILL, .at = RealClock().wall()};
  // No keeper's directory: the machine was started anew, and /run with it.
  if (!look) record.exit_code = kUnknown;
  if (look && look->exit) record = *look->exit;
  publish(*entry);
  settle(entry, record);
}

// What is nobody's: of containers without a record, and of runs that are over.
void EngineImpl::sweep() {
  const auto runs = [&](const std::string& id) {
    const auto found = entries_.find(id);
    return found != entries_.end() && found->second->run != nullptr;
  };
  const auto complain = [](const std::string& what, const Result<>& done) {
    if (!done) log::error(what + ": " + done.error().message());
  };
  if (const auto ids = host_->store.list()) {
    for (const std::string& id : *ids)
      if (!runs(id)) complain(id, runtime::remove(*host_, id, runtime::Force::kYes));
  }
  for (const std::string& id : names_in(options_.run_dir + "/engine")) {
    if (runs(id)) continue;
    ::umount2((run_dir_of(id) + "/shm").c_str(), MNT_DETACH);
    complain(id, remove_tree(run_dir_of(id)));
  }
  for (const std::string& id : images_->roots()) {
    if (!entries_.contains(id))
      complain(id, images_->remove_root(id));
    else if (!runs(id))
      complain(id, images_->unmount_root(id));
  }
  for (const std::string& name : names_in(options_.run_dir + "/containers"))
    if (!entries_.contains(name.substr(0, name.find('.'))))
      complain(name, remove_tree(options_.run_dir + "/containers/" + name));
}

// What policies want to run: all that ended by themselves, and after a new start of this program
// "always" even what people stopped.
void EngineImpl::start_again() {
  std::vector<EntryPtr> entries;
  entries.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) entries.push_back(entry);
  for (const EntryPtr& entry : entries) {
    const Lock held(entry->change);
    if (entry->gone || entry->run || entry->restart) continue;
    State& state = entry->stored.container.state;
    const std::string& policy = entry->stored.container.definition.host.restart_policy.name;
    const bool was_on_its_way = state.status == Status::kRestarting;
    const bool always = policy == "always" && state.status == Status::kExited;
    if (!was_on_its_way && !always) continue;
    if (always) entry->stored.manually_stopped = false;
    state.status = Status::kRestarting;
    entry->back_off = std::chrono::milliseconds(100);
    save_state(*entry);
    publish(*entry);
    restart_later(entry);
  }
}

}  // namespace plimsoll::engine
