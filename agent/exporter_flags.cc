#include "agent/exporter_flags.h"

#include <CLI/CLI.hpp>
#include <optional>

#include "agent/cadvisor_flags.h"
#include "agent/etcd_flags.h"
#include "agent/metric_flags.h"
#include "agent/page_flags.h"
#include "agent/push_flags.h"
#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {

// A vector takes one value each time it is given: what follows is another argument.
CLI::Option* repeatable(CLI::Option* option) {
  return option->expected(1)->allow_extra_args(false)->take_all();
}

// "1m0s" as Go prints it: the sum of its parts.
std::optional<std::chrono::nanoseconds> duration_of(std::string_view text) {
  std::chrono::nanoseconds sum{0};
  do {
    const std::size_t unit = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::size_t end = std::min(text.find_first_of("0123456789.", unit), text.size());
    const auto part = exporter::parse_duration(text.substr(0, end));
    if (!part) return std::nullopt;
    sum += *part;
    text.remove_prefix(end);
  } while (!text.empty());
  return sum;
}

}  // namespace

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& target,
                          std::chrono::nanoseconds shortest, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name, shortest](const std::string& text) {
            const auto value = duration_of(text);
            if (!value || *value < shortest)
              throw CLI::ValidationError(name, "'" + text + "': give a time of at least " +
                                                   std::to_string(shortest.count() / 1'000'000) +
                                                   "ms, such as 1s or 500ms");
            target = *value;
          },
          help)
      ->type_name("DURATION");
}

void add_root_flags(CLI::App& app, exporter::SamplerConfig& config) {
  app.add_option("--cgroup-root", config.cgroup_root, "Where the host's /sys/fs/cgroup is")
      ->capture_default_str();
  app.add_option("--proc-root", config.proc_root, "Where the host's /proc is")
      ->capture_default_str();
  app.add_option("--sys-root", config.sys_root, "Where the host's /sys is")->capture_default_str();
  app.add_option_function<std::string>(
      "--host-root",
      [&config](const std::string& root) {
        config.host_root = root == "/" ? "" : root;
        config.inventory.host_root = config.host_root;
        config.filesystem.host_root = config.host_root;
      },
      "Where the host's / is mounted (for runtimes' state files); needed in a container");
  app.add_option("--docker-root", config.inventory.docker_root, "Docker's data root")
      ->capture_default_str();
  repeatable(app.add_option_function<std::vector<std::string>>(
      "--docker-socket",
      [&config](const std::vector<std::string>& sockets) {
        config.inventory.docker_sockets = sockets;
      },
      "Docker's socket, asked only when its files cannot be read (repeatable)"));
  app.add_option("--containers-storage", config.inventory.containers_storage,
                 "podman's and CRI-O's storage")
      ->capture_default_str();
  app.add_option("--containerd-run", config.inventory.containerd_run,
                 "containerd's state directory")
      ->capture_default_str();
  repeatable(app.add_option_function<std::vector<std::string>>(
      "--plimsoll-run",
      [&config](const std::vector<std::string>& runs) { config.inventory.plimsoll_runs = runs; },
      "--run-dir of a `plimsoll engine` (repeatable) [/run/plimsoll]"));
}

void add_exporter_flags(CLI::App& app, ExporterConfig& config) {
  add_root_flags(app, config.sampler);
  add_push_flags(app, config.push);
  add_etcd_flags(app, config.etcd);
  repeatable(
      app.add_option("--web.listen-address", config.listen_addresses,
                     "ADDR:PORT, :PORT, [V6]:PORT or unix:PATH (repeatable; default :7546)"));
  app.add_option("--web.config.file", config.access.config_file,
                 "TLS, passwords, headers and rate limit, as Prometheus' exporters have them");
  app.add_option_function<std::string>(
         "--web.allowed-hosts",
         [&config](const std::string& list) { config.access.allowed_hosts = split(list); },
         "Further names by which a loopback address may be asked, comma-separated; * for all")
      ->type_name("NAME[,NAME]");
  app.add_option("--web.telemetry-path", config.telemetry_path, "Path of the metrics")
      ->capture_default_str();
  app.add_flag("!--web.disable-exporter-metrics", config.exporter_metrics,
               "Leave out plimsoll_* and process_*");
  app.add_option("--web.max-connections", config.limits.connections, "Connections open at once")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  app.add_option("--user", config.privileges.user,
                 "Whom to become when started as root (default: plimsoll where there is such a "
                 "user, else nobody); root keeps every right, for finding faults")
      ->type_name("NAME");
  app.add_flag("!--no-sandbox", config.privileges.sandbox,
               "No system call filter, for finding faults");
  add_duration(app, "--interval", config.sampler.interval, std::chrono::milliseconds(100),
               "Time between samples (default 1s)");
  add_duration(app, "--reader.warm-interval", config.sampler.warm_interval,
               std::chrono::milliseconds(100),
               "Time between readings of what is not read every second: pids, pressure, IO "
               "operations (default 10s)");
  add_duration(app, "--scrape.max-age", config.scrape_max_age, std::chrono::nanoseconds(0),
               "A scrape that finds older numbers takes fresh ones first (default 250ms)");
  add_duration(app, "--history", config.sampler.history.keep, std::chrono::nanoseconds(0),
               "How much is kept for streams to replay (default 5m; 0 keeps none)");
  config.sampler.kernel_log = "/dev/kmsg";
  app.add_option(
         "--kernel-log", config.sampler.kernel_log,
         "Where the kernel's log is read for OOM kills; \"\": nowhere, the kernel's counters "
         "serve alone")
      ->capture_default_str();
  add_duration(app, "--metrics.tombstone", config.sampler.tombstone, std::chrono::nanoseconds(0),
               "How long container_last_seen and the counts of OOM kills outlive their container "
               "(default 5m)");
  app.add_option("--reader.max-held-files", config.sampler.reader.max_held,
                 "Control files held open in all, within RLIMIT_NOFILE; 0 holds none")
      ->capture_default_str();
  app.add_option("--reader.max-kernel-bytes", config.sampler.reader.max_kernel_bytes,
                 "Kernel memory the held files may pin (about 4.3 KiB each); 0 = no limit")
      ->capture_default_str();
  app.add_option("--tree.max-watches", config.sampler.tree.max_watches, "inotify watches at most")
      ->capture_default_str();

  add_page_flags(app, config);
  add_metric_flags(app, config);
  app.add_option_function<std::string>(
      "--log.level",
      [&config](const std::string& name) {
        const auto level = log::level_named(name);
        if (!level) throw CLI::ValidationError("--log.level", "give debug, info, warn or error");
        config.log_level = *level;
      },
      "debug, info, warn or error (default info)");
  add_cadvisor_flags(app, config);
}

}  // namespace plimsoll::agent
