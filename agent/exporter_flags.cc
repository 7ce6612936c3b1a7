#include "agent/exporter_flags.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/page_flags.h"
#include "agent/push_flags.h"
#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {

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

std::string group_words() {
  std::string words;
  for (std::size_t i = 0; i + 1 < cgroupfs::kGroupCount; ++i) {
    if (!words.empty()) words += ' ';
    words += name_of(static_cast<cgroupfs::Group>(i));
  }
  return words;
}

Result<cgroupfs::GroupSet> named_groups(const std::string& list) {
  cgroupfs::GroupSet set;
  for (const std::string& word : split(list)) {
    const auto group = cgroupfs::group_named(word);
    if (!group)
      return invalid_input("metric groups",
                           "'" + word + "' is no metric group; known: " + group_words());
    set.set(*group);
  }
  return set;
}

void add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& target,
                  std::chrono::nanoseconds shortest, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&target, name, shortest](const std::string& text) {
           const auto value = exporter::parse_duration(text);
           if (!value || *value < shortest)
             throw CLI::ValidationError(name, "'" + text + "': give a time of at least " +
                                                  std::to_string(shortest.count() / 1'000'000) +
                                                  "ms, such as 1s or 500ms");
           target = *value;
         },
         help)
      ->type_name("DURATION");
}

}  // namespace

Result<cgroupfs::GroupSet> choose_groups(const std::string* disable, const std::string* enable) {
  if (enable != nullptr && !enable->empty()) {
    cgroupfs::GroupSet set = PLIMSOLL_TRY(named_groups(*enable));
    return set.set(cgroupfs::Group::kAlways);
  }
  if (disable == nullptr) return cgroupfs::GroupSet::defaults();
  const cgroupfs::GroupSet off = PLIMSOLL_TRY(named_groups(*disable));
  cgroupfs::GroupSet set = cgroupfs::GroupSet::all();
  for (std::size_t i = 0; i + 1 < cgroupfs::kGroupCount; ++i) {
    const auto group = static_cast<cgroupfs::Group>(i);
    if (off.has(group)) set.set(group, false);
  }
  return set;
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
  app.add_option_function<std::vector<std::string>>(
      "--docker-socket",
      [&config](const std::vector<std::string>& sockets) {
        config.inventory.docker_sockets = sockets;
      },
      "Docker's socket, asked only when its files cannot be read (repeatable)");
  app.add_option("--containers-storage", config.inventory.containers_storage,
                 "podman's and CRI-O's storage")
      ->capture_default_str();
  app.add_option("--containerd-run", config.inventory.containerd_run,
                 "containerd's state directory")
      ->capture_default_str();
}

void add_exporter_flags(CLI::App& app, ExporterConfig& config) {
  add_root_flags(app, config.sampler);
  add_push_flags(app, config.push);
  app.add_option("--web.listen-address", config.listen_addresses,
                 "ADDR:PORT, :PORT, [V6]:PORT or unix:PATH (repeatable; default :7546)");
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

  struct Groups {
    std::string disable, enable;
    bool disable_given = false;
  };
  const auto groups = std::make_shared<Groups>();
  const auto choose = [groups, &config] {
    const auto set =
        choose_groups(groups->disable_given ? &groups->disable : nullptr, &groups->enable);
    if (!set) throw CLI::ValidationError("metric groups", set.error().subject);
    config.sampler.reader.groups = *set;
  };
  app.add_option_function<std::string>(
      "--disable_metrics",
      [groups, choose](const std::string& list) {
        groups->disable = list;
        groups->disable_given = true;
        choose();
      },
      "Metric groups to leave out, comma-separated; replaces the default set, as cAdvisor's flag "
      "does");
  app.add_option_function<std::string>(
      "--enable_metrics",
      [groups, choose](const std::string& list) {
        groups->enable = list;
        choose();
      },
      "Metric groups to collect, comma-separated; overrides --disable_metrics");
  app.add_flag("--store_container_labels,!--no-store_container_labels",
               config.labels.all_container_labels,
               "Every container label becomes a metric label (many series; default off)");
  app.add_option_function<std::string>(
      "--whitelisted_container_labels",
      [&config](const std::string& list) { config.labels.allowed_labels = split(list); },
      "Container labels that become metric labels, comma-separated");
  app.add_option_function<std::string>(
      "--env_metadata_whitelist",
      [&config](const std::string& list) {
        config.sampler.inventory.environment_prefixes = split(list);
      },
      "Environment variables that become metric labels, by prefix, comma-separated");
  app.add_option_function<std::string>(
      "--log.level",
      [&config](const std::string& name) {
        const auto level = log::level_named(name);
        if (!level) throw CLI::ValidationError("--log.level", "give debug, info, warn or error");
        config.log_level = *level;
      },
      "debug, info, warn or error (default info)");
}

}  // namespace plimsoll::agent
