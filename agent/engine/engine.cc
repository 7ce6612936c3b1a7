#include "agent/engine/engine.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/asker.h"
#include "agent/engine/engine_socket.h"
#include "agent/engine/metrics.h"
#include "agent/engine/socket_owner.h"
#include "agent/service_manager.h"
#include "agent/signals.h"
#include "control/api/api.h"
#include "control/api/decode.h"
#include "control/applier/outlook.h"
#include "control/applier/policies.h"
#include "control/manager/systemd_port.h"
#include "control/service/keeper.h"
#include "control/store/dir_store.h"
#include "control/store/own_dir.h"
#include "http/server.h"

namespace plimsoll::agent {
namespace {

int fail(const Error& error) {
  log::error(error.message());
  log::stop();
  return 1;
}

// What the start found, for the log.
void log_opening(const control::Service& service) {
  const control::JournalOpening& journal = service.journal_opening();
  if (journal.dropped_by_boot != 0)
    log::info(std::to_string(journal.dropped_by_boot) +
              " entries of the journal are of an earlier boot: their groups are gone");
  if (!journal.kept_as.empty())
    log::warn("a part of the journal was unreadable; it is kept as " + journal.kept_as);
  if (journal.unwritable)
    log::warn("the journal cannot be written, so limits cannot be changed: " +
              journal.unwritable->message());
  if (service.audit_opening().unreadable != 0)
    log::warn("the end of the audit log holds lines that are no records");
}

void log_recovery(const control::Recovery& recovery) {
  if (recovery.changes == 0) return;
  log::warn(std::to_string(recovery.changes) + " changes were interrupted: " +
            std::to_string(recovery.undone) + " writes taken back, " +
            std::to_string(recovery.foreign) + " left to whoever wrote there since, " +
            std::to_string(recovery.gone) + " of groups that are gone, " +
            std::to_string(recovery.stuck) + " that the kernel does not let us take back");
}

control::RoleGroups role_groups(const EngineConfig& config) {
  control::RoleGroups groups;
  const auto find = [](const std::string& name, const char* flag) -> std::optional<gid_t> {
    if (name.empty()) return std::nullopt;
    const auto gid = control::group_named(name);
    if (!gid)
      log::info(std::string(flag) + ": this host has no group '" + name +
                "': nobody is let in by it");
    return gid;
  };
  groups.control = find(config.control_group, "--control-group");
  groups.read = find(config.read_group, "--read-group");
  return groups;
}

constexpr std::chrono::seconds kHeartbeat{5};

// As long as the loop turns, whoever watches over us hears of it.
void keep_watchdog(http::Server& server, ServiceManager& manager, const std::string& status) {
  manager.alive(status);
  server.after(kHeartbeat, [&server, &manager, status] { keep_watchdog(server, manager, status); });
}

http::ServerLimits server_limits() {
  http::ServerLimits limits;
  limits.body_bytes = control::kMostRequestBytes;
  // Each follower of a log or of statistics has one.
  limits.connections = 1024;
  // Credentials of many registries travel in one.
  limits.header_bytes = std::size_t{64} * 1024;
  return limits;
}

// Questions to runtimes' sockets, on a thread of their own: one that hangs keeps nobody else.
class Questions {
 public:
  void ask(inventory::Question question) {
    std::ignore = worker_.submit([this, question = std::move(question)] {
      const auto body = ask_runtime(question);
      if (control::HostMachine* const machine = machine_) machine->answer(question, body);
    });
  }
  void answer_to(control::HostMachine& machine) { machine_ = &machine; }
  void stop() { worker_.stop(); }

 private:
  std::atomic<control::HostMachine*> machine_ = nullptr;
  control::Worker worker_;
};

class Engine {
 public:
  Engine(EngineConfig config, Reread reread)
      : config_(std::move(config)), reread_(std::move(reread)) {}
  // Where start() failed half way: nothing wakes a keeper that goes.
  ~Engine() {
    if (api_) api_->stop();
    waking_ = nullptr;
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Result<> start() {
    if (config_.socket.empty()) config_.socket = config_.run_dir + "/plimsoll.sock";
    auto manager = PLIMSOLL_TRY(ServiceManager::create(service_environment(), clock_, kHeartbeat));
    manager_ = std::make_unique<ServiceManager>(std::move(manager));
    run_dir_ = PLIMSOLL_TRY(control::open_own_dir(config_.run_dir, 0755));
    store_ = PLIMSOLL_TRY(control::DirStore::open(config_.state_dir));
    // The host's usual engine may run beside this one.
    std::vector<std::string>& runs = config_.machine.inventory.plimsoll_runs;
    if (std::ranges::find(runs, config_.run_dir) == runs.end())
      runs.insert(runs.begin(), config_.run_dir);
    config_.machine.ask = [this](inventory::Question question) {
      questions_.ask(std::move(question));
    };
    machine_ = PLIMSOLL_TRY(control::HostMachine::open(config_.machine, clock_, &systemd_));
    questions_.answer_to(*machine_);
    service_ = PLIMSOLL_TRY(control::Service::open(*store_, *machine_, clock_));
    log_opening(*service_);
    const control::Recovery recovery = service_->start();
    log_recovery(recovery);
    return serve(recovery);
  }

  void run(const Fd& signals) {
    if (manager_->listens())
      server_->post([this] { keep_watchdog(*server_, *manager_, listening()); });
    std::thread stopper([&] {
      while (next_signal(signals) == SIGHUP) reload();
      server_->post([this] { manager_->stopping(); });
      // New clients are turned away only when what runs is answered.
      if (containers_) containers_->refuse();
      api_->stop();
      events_->stop();
      server_->post([this] {
        events_->finish();
        server_->stop();
      });
    });
    server_->run();
    stopper.join();
    if (containers_) containers_->stop();
    waking_ = nullptr;
    keeper_.reset();
    questions_.stop();
    service_->note("the engine stopped");
  }

 private:
  // On the thread of the signals: what it waits for keeps no client waiting.
  void reload() {
    server_->post([this] { manager_->reloading(); });
    zone_.reload();
    if (const auto config = reread_()) take(*config);
    std::ignore = policies_->reload();
    server_->post([this] { manager_->reloaded(); });
  }

  void take(const EngineConfig& config) {
    log::set_level(config.log_level);
    const control::RoleGroups groups = role_groups(config);
    roles_->set_groups(groups);
    for (const std::string& socket : sockets_)
      if (const auto owned = own_socket(socket, groups); !owned)
        log::error("who may connect stays as it was: " + owned.error().message());
    if (const auto set = events_->set_sinks(config.events); !set)
      log::error("events go where they went: " + set.error().message());
  }

  [[nodiscard]] std::string listening() const {
    std::string text = "listening on ";
    for (const std::string& socket : sockets_)
      text.append(&socket == &sockets_.front() ? "" : ", ").append(socket);
    return text;
  }

  // Asked from the first connection on, which is after everything is made.
  [[nodiscard]] std::string metrics() const {
    return engine_metrics(
        events_->metrics(),
        {PLIMSOLL_VERSION, started_, exporter::read_process_stats(machine_->roots().proc)},
        service_->counts(), policies_->counts());
  }

  Result<> serve(const control::Recovery& recovery) {
    const control::RoleGroups groups = role_groups(config_);
    roles_ = std::make_unique<control::Roles>(groups, clock_);
    server_ = http::Server::create(server_limits());
    sockets_ = PLIMSOLL_TRY(listen_for(*server_, config_.socket, groups));
    control::ApiOptions options;
    options.info.version = PLIMSOLL_VERSION;
    options.info.cgroup = cgroupfs::name_of(machine_->layout().mode);
    options.info.state_dir = config_.state_dir;
    options.info.recovery = recovery;
    options.on_change = [this] { keeper_->wake(); };
    options.outlook = [this](const control::Draft& draft) {
      return control::outlook_of(draft.request.settings,
                                 control::outlook_facts(*machine_, usage_, draft.target.cgroup));
    };
    options.metrics = [this] { return metrics(); };
    options.policy = [this](std::optional<std::string_view> ref) -> control::Answer<std::string> {
      if (!ref) return policies_->json();
      return policies_->explain(*ref);
    };
    api_ = std::make_unique<control::Api>(*server_, *service_, *machine_, *roles_,
                                          machine_->roots().proc, clock_, std::move(options));
    control::PolicyOptions policy;
    policy.directory = config_.policy_dir;
    policy.observed = [this](const control::KnownGroup& group) {
      return usage_.observed(group.cgroup);
    };
    policies_ = std::make_unique<control::Policies>(
        *service_, *machine_,
        control::Policies::Lanes{
            [this](control::Worker::Job job) { return api_->changes().submit(std::move(job)); },
            [this](control::Worker::Job job) { return api_->shrinks().submit(std::move(job)); }},
        clock_, zone_, std::move(policy), [this] {
          if (control::Keeper* const keeper = waking_) keeper->wake();
        });
    std::ignore = policies_->reload();
    keeper_ = PLIMSOLL_TRY(control::Keeper::start(*service_, *machine_,
                                                  {api_->changes(), api_->shrinks()}, clock_,
                                                  [this](const control::GroupNews& news) {
                                                    policies_->turn(news);
                                                    return policies_->rest();
                                                  }));
    waking_ = keeper_.get();
    events_ = PLIMSOLL_TRY(EngineEvents::start(config_.events, config_.machine, usage_, *machine_,
                                               clock_, *server_, *api_));
    containers_ =
        PLIMSOLL_TRY(Containers::open(config_.containers, {config_.state_dir, config_.run_dir},
                                      *server_, *roles_, *machine_, *policies_, clock_));
    service_->note("the engine started, version " PLIMSOLL_VERSION);
    log::info(listening() + "; journal and audit log in " + config_.state_dir);
    return {};
  }

  EngineConfig config_;
  const Reread reread_;
  const RealClock clock_;
  const WallTime started_ = clock_.wall();
  // In the order of their making; each needs those above it.
  std::unique_ptr<ServiceManager> manager_;  // The loop's, once that runs.
  control::OwnDir run_dir_;
  std::unique_ptr<control::DirStore> store_;
  Questions questions_;
  control::SystemdPort systemd_;
  std::unique_ptr<control::HostMachine> machine_;
  std::unique_ptr<control::Service> service_;
  std::unique_ptr<control::Roles> roles_;
  std::unique_ptr<http::Server> server_;
  std::vector<std::string> sockets_;  // Where it listens.
  const policy::HostZone zone_;
  control::UsageBook usage_;
  std::unique_ptr<control::Policies> policies_;
  std::unique_ptr<control::Api> api_;
  std::atomic<control::Keeper*> waking_ = nullptr;  // Null before it is made, and at the end.
  std::unique_ptr<control::Keeper> keeper_;
  std::unique_ptr<EngineEvents> events_;
  std::unique_ptr<Containers> containers_;  // Null: none.
};

}  // namespace

int run_engine(EngineConfig config, Reread reread) {
  const Result<Fd> signals = block_signals({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return fail(signals.error());
  log::start(config.log_level);
  // Destroyed before the log ends.
  {
    Engine engine(std::move(config), std::move(reread));
    if (auto started = engine.start(); !started) return fail(started.error());
    engine.run(*signals);
  }
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace plimsoll::agent
