#include "agent/exporter_command.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <type_traits>
#include <utility>

#include "agent/handed_sockets.h"
#include "agent/service_manager.h"
#include "agent/signals.h"
#include "agent/startup_pages.h"
#include "base/log.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/web/base_path.h"
#include "exporter/web/endpoints.h"
#include "http/client.h"
#include "http/gate.h"

namespace plimsoll::agent {

namespace {

int fail(const Error& error) {
  log::error(error.message());
  log::stop();
  return 1;
}

exporter::AccessFacts access_facts(const http::AccessStats& stats,
                                   const PrivilegeOutcome& privileges) {
  exporter::AccessFacts facts;
  facts.has_web_config = stats.has_config;
  facts.web_config_good = stats.config_good;
  facts.web_config_read_time =
      std::chrono::duration<double>(stats.config_read.time_since_epoch()).count();
  facts.refused = stats.refused;
  facts.password_comparisons = stats.password_comparisons;
  facts.missing = missing_facts(privileges);
  facts.sandboxed = privileges.sandboxed;
  return facts;
}

// The groups whose capabilities are kept. Hardware counters need events to be configured.
cgroupfs::GroupSet groups_with_rights(const exporter::SamplerConfig& config) {
  cgroupfs::GroupSet groups = config.reader.groups;
  const bool counts = groups.has(cgroupfs::Group::kPerfEvent) && !config.perf.empty();
  // No right is missing for a log that nobody wants read.
  const bool listens = groups.has(cgroupfs::Group::kOomEvent) && !config.kernel_log.empty();
  return groups.set(cgroupfs::Group::kPerfEvent, counts).set(cgroupfs::Group::kOomEvent, listens);
}

// cAdvisor's REST API looks at the same host as the sampler.
exporter::ApiConfig cadvisor_api(const ExporterConfig& config) {
  exporter::ApiConfig api;
  api.view.groups = config.sampler.reader.groups;
  api.view.compat = config.compat == exporter::Compat::kStrict ? exporter::ApiCompat::kStrict
                                                               : exporter::ApiCompat::kFixed;
  api.sys_root = config.sampler.sys_root;
  api.host_root = config.sampler.host_root;
  api.places.docker_root = config.sampler.inventory.docker_root;
  api.places.containers_storage = config.sampler.inventory.containers_storage;
  api.max_age = 2 * config.sampler.interval;
  return api;
}

// The end of the start: with the second sample everything that runs every time has run once.
class StartupEnd {
 public:
  void after_a_sample() {
    if (++samples_ != 2) return;
    if (const auto released = release_startup_pages(); !released)
      log::warn("the code of the start stays in memory: " + released.error().message());
  }

 private:
  int samples_ = 0;
};

// Two of cAdvisor's flags ask for writing to the kernel, which a process that gave up its rights
// cannot do.
void drop_writes(exporter::SamplerConfig& config, const PrivilegeOutcome& privileges) {
  using cgroupfs::Group;
  if (privileges.may_write) return;
  const auto drop = [&](Group group, const char* flag, const char* written, auto& value) {
    if (!config.reader.groups.has(group) || value == std::remove_reference_t<decltype(value)>{})
      return;
    value = {};
    log::warn(std::string(flag) + " has no effect: it writes " + written +
              ", which the exporter gives up the right to; with --user=root --no-sandbox it can");
  };
  drop(Group::kReferencedMemory, "--referenced_reset_interval", "PROC/PID/clear_refs",
       config.tasks.referenced_reset);
  drop(Group::kResctrl, "--resctrl_interval", "monitoring groups to SYS/fs/resctrl",
       config.resctrl_interval);
}

// Sockets of the service manager take the place of the default address; what was asked for by flags
// is served as well. The addresses.
Result<std::vector<std::string>> listen_everywhere(http::Server& server,
                                                   const ExporterConfig& config) {
  std::vector<std::string> addresses = PLIMSOLL_TRY(handed_sockets());
  const bool asked = !config.listen_addresses.empty() || config.listen_ip || config.listen_port;
  if (addresses.empty() || asked)
    for (const std::string& address : addresses_of(config)) addresses.push_back(address);
  std::vector<std::string> bound;
  bound.reserve(addresses.size());
  for (const std::string& address : addresses)
    bound.push_back(PLIMSOLL_TRY(server.listen(address)));
  return bound;
}

EtcdFacts etcd_facts(const ExporterConfig& config, const http::AccessStats& access,
                     const std::vector<std::string>& listening) {
  EtcdFacts facts;
  facts.listening = listening;
  facts.tls = access.tls;
  facts.metrics_path = config.base_path + config.telemetry_path;
  facts.cgroup_root = config.sampler.cgroup_root;
  facts.proc_root = config.sampler.proc_root;
  facts.host_root = config.sampler.host_root;
  return facts;
}

void log_start(const exporter::SamplerConfig& config, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) log::info("listening on " + address);
  log::info("sampling " + config.cgroup_root + " every " +
            std::to_string(std::chrono::duration<double>(config.interval).count()) +
            " s; at most " + std::to_string(config.reader.max_held) + " files held open");
}

}  // namespace

std::vector<std::string> addresses_of(const ExporterConfig& config) {
  if (!config.listen_addresses.empty()) return config.listen_addresses;
  if (!config.listen_ip && !config.listen_port) return {":7546"};
  std::string ip = config.listen_ip.value_or("");
  if (ip.find(':') != std::string::npos && !ip.starts_with('[')) ip = '[' + ip + ']';
  return {ip + ':' + std::to_string(config.listen_port.value_or(8080))};
}

std::size_t held_file_budget(std::size_t connections) {
  constexpr std::size_t kReserve = 512;  // Libraries, logs, directory walks, the inventory's files.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const std::size_t needed = connections + kReserve;
  return limit.rlim_cur > needed ? static_cast<std::size_t>(limit.rlim_cur) - needed : 0;
}

int run_exporter(ExporterConfig config) {
  const RealClock clock;
  auto manager = ServiceManager::create(service_environment(), clock, config.sampler.interval);
  if (!manager) return fail(manager.error());
  // A service has no terminal that could be closed: its SIGHUP is `systemctl reload`.
  const bool rereads = !config.access.config_file.empty() || manager->listens();
  const Result<Fd> signals =
      rereads ? block_signals({SIGINT, SIGTERM, SIGHUP}) : block_signals({SIGINT, SIGTERM});
  if (!signals) return fail(signals.error());
  for (const std::string& warning : config.warnings) log::warn(warning);
  config.sampler.reader.max_held =
      std::min(config.sampler.reader.max_held, held_file_budget(config.limits.connections));
  config.sampler.render_labels = [labels = config.labels](const inventory::Identity& identity,
                                                          std::uint64_t& collisions) {
    return exporter::render_labels(identity, labels, collisions);
  };

  const std::unique_ptr<http::Server> server = http::Server::create(config.limits);
  const auto access = http::Access::create(config.access, clock);
  if (!access) return fail(access.error());
  server->guard((*access)->gate());
  const auto bound = listen_everywhere(*server, config);
  if (!bound) return fail(bound.error());

  std::unique_ptr<EtcdRegistration> registration;
  if (config.etcd.wanted()) {
    auto made = EtcdRegistration::create(
        config.etcd, etcd_facts(config, (*access)->stats(), *bound), clock.wall());
    if (!made) return fail(made.error());
    registration = *std::move(made);
  }

  // What needs root is done, and no thread runs yet.
  if (config.push.wanted()) config.privileges.writable_directories.push_back(config.push.queue_dir);
  const Result<PrivilegeOutcome> privileges = give_up_privileges(
      config.privileges, groups_with_rights(config.sampler), config.sampler.inventory);
  if (!privileges) return fail(privileges.error());
  log::start(config.log_level);
  log_start(config.sampler, *bound);
  log_privileges(*privileges);
  drop_writes(config.sampler, *privileges);
  for (const std::string& path : (*access)->unreadable())
    log::warn(path + " cannot be read as " + privileges->account +
              ": changes to it need a restart, or a mode that lets it be read");

  exporter::Endpoints* endpoints =
      nullptr;  // Set before the loop starts; the loop ends before it goes.
  auto loop = exporter::SamplerLoop::create(
      config.sampler, clock,
      [&endpoints, &manager, &server, &registration,
       started = StartupEnd()](exporter::SnapshotPtr snapshot) mutable {
        if (registration) registration->publish(snapshot);
        endpoints->publish(std::move(snapshot));
        started.after_a_sample();
        // By way of the loop: the watchdog is to see a sampler that hangs, and a loop that does.
        if (manager->listens()) server->post([&manager] { manager->alive("serving"); });
      },
      [&privileges](const inventory::Question& question) {
        return privileges->asker ? privileges->asker->ask(question) : ask_runtime(question);
      });
  if (!loop) return fail(loop.error());

  exporter::EndpointOptions options;
  options.metrics = config.metrics;
  options.metrics.path = config.telemetry_path;
  options.metrics.max_age = config.scrape_max_age;
  options.metrics.text.exporter_metrics = config.exporter_metrics;
  options.metrics.text.groups = config.sampler.reader.groups;
  options.metrics.text.compat = config.compat;
  options.base_path = config.base_path;
  options.interval = config.sampler.interval;
  options.events = config.events;
  options.cadvisor = cadvisor_api(config);
  options.access = [&access, &privileges] { return access_facts((*access)->stats(), *privileges); };
  exporter::BasePathServer named(*server, config.base_path);
  exporter::Endpoints served(named, **loop, clock, std::move(options));
  endpoints = &served;

  std::unique_ptr<exporter::Pusher> pusher;
  if (config.push.wanted()) {
    auto made = make_pusher(config.push, served);
    if (!made) return fail(made.error());
    pusher = *std::move(made);
  }

  if (registration) served.set_etcd_stats([&registration] { return registration->stats(); });

  (*loop)->start();
  if (pusher) pusher->start();
  if (registration) registration->start();
  std::thread stopper([&] {
    while (next_signal(*signals) == SIGHUP) {
      server->post([&] {
        manager->reloading();
        (*access)->reload();
        manager->reloaded();
      });
    }
    server->post([&] {
      manager->stopping();
      served.finish();
      server->stop();
    });
  });
  server->run();
  stopper.join();
  pusher.reset();
  loop->reset();  // Before the endpoints and the registration it publishes to.
  registration.reset();
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace plimsoll::agent
