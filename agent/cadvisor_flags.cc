#include "agent/cadvisor_flags.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/exporter_flags.h"
#include "base/number.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kGroup = "cAdvisor's flags";

enum class Takes : std::uint8_t { kValue, kNothing };

struct Ignored {
  const char* name;
  Takes takes;
  const char* reason;  // "": it asks for what happens anyway.
};

constexpr const char* kAuth = "has no effect; see --web.config.file for users and TLS";
constexpr const char* kPush = "has no effect; samples are pushed by remote write only";
constexpr const char* kEven =
    "has no effect; samples are evenly spaced, idle groups cost next to nothing";
constexpr const char* kFiles = "has no effect; runtimes are known by their state files";
constexpr const char* kHints =
    "has no effect; a group that no runtime's files name has the name of its cgroup";
constexpr const char* kApp =
    "has no effect; containers' own metrics are not collected, let Prometheus scrape them";
constexpr const char* kLog = "has no effect; messages go to stderr, see --log.level";
constexpr const char* kRemoved = "has no effect; cAdvisor no longer has it either";
constexpr const char* kThreads = "has no effect; there are few threads";

constexpr Ignored kIgnored[] = {
    {"--http_auth_file", Takes::kValue, kAuth},
    {"--http_auth_realm", Takes::kValue, kAuth},
    {"--http_digest_file", Takes::kValue, kAuth},
    {"--http_digest_realm", Takes::kValue, kAuth},
    {"--profiling", Takes::kNothing, "has no effect; use perf(1)"},
    {"--max_procs", Takes::kValue, kThreads},
    {"--application_metrics_count_limit", Takes::kValue, kApp},
    {"--collector_cert", Takes::kValue, kApp},
    {"--collector_key", Takes::kValue, kApp},
    {"--container_hints", Takes::kValue, kHints},
    {"--max_housekeeping_interval", Takes::kValue, kEven},
    {"--allow_dynamic_housekeeping", Takes::kNothing, kEven},
    {"--initial_splay_factor", Takes::kValue, kEven},
    {"--jitter_factor", Takes::kValue, kEven},
    {"--log_cadvisor_usage", Takes::kNothing,
     "has no effect; process_* families tell the exporter's own use"},
    {"--storage_driver", Takes::kValue, kPush},
    {"--storage_driver_user", Takes::kValue, kPush},
    {"--storage_driver_password", Takes::kValue, kPush},
    {"--storage_driver_host", Takes::kValue, kPush},
    {"--storage_driver_db", Takes::kValue, kPush},
    {"--storage_driver_table", Takes::kValue, kPush},
    {"--storage_driver_secure", Takes::kNothing, kPush},
    {"--storage_driver_buffer_duration", Takes::kValue, kPush},
    {"--storage_driver_influxdb_retention_policy", Takes::kValue, kPush},
    {"--storage_driver_kafka_broker_list", Takes::kValue, kPush},
    {"--storage_driver_kafka_topic", Takes::kValue, kPush},
    {"--storage_driver_kafka_ssl_cert", Takes::kValue, kPush},
    {"--storage_driver_kafka_ssl_key", Takes::kValue, kPush},
    {"--storage_driver_kafka_ssl_ca", Takes::kValue, kPush},
    {"--storage_driver_kafka_ssl_verify", Takes::kNothing, kPush},
    {"--storage_driver_es_host", Takes::kValue, kPush},
    {"--storage_driver_es_index", Takes::kValue, kPush},
    {"--storage_driver_es_type", Takes::kValue, kPush},
    {"--storage_driver_es_enable_sniffer", Takes::kNothing, kPush},
    {"--bq_id", Takes::kValue, kPush},
    {"--bq_secret", Takes::kValue, kPush},
    {"--bq_project_id", Takes::kValue, kPush},
    {"--bq_account", Takes::kValue, kPush},
    {"--bq_credentials_file", Takes::kValue, kPush},
    {"--docker-tls", Takes::kNothing, kFiles},
    {"--docker-tls-cert", Takes::kValue, kFiles},
    {"--docker-tls-key", Takes::kValue, kFiles},
    {"--docker-tls-ca", Takes::kValue, kFiles},
    {"--containerd", Takes::kValue, "has no effect; see --containerd-run"},
    {"--containerd-namespace", Takes::kValue, "has no effect; all namespaces are seen"},
    {"--crio_client_timeout", Takes::kValue, kFiles},
    {"--vmodule", Takes::kValue, kLog},
    {"--logtostderr", Takes::kNothing, ""},
    {"--alsologtostderr", Takes::kNothing, ""},
    {"--log_dir", Takes::kValue, kLog},
    {"--log_file", Takes::kValue, kLog},
    {"--log_file_max_size", Takes::kValue, kLog},
    {"--log_backtrace_at", Takes::kValue, kLog},
    {"--stderrthreshold", Takes::kValue, kLog},
    {"--skip_headers", Takes::kNothing, kLog},
    {"--skip_log_headers", Takes::kNothing, kLog},
    {"--add_dir_header", Takes::kNothing, kLog},
    {"--one_output", Takes::kNothing, kLog},
    {"--disable_specific_metrics", Takes::kValue, kRemoved},
    {"--mesos_agent", Takes::kValue, kRemoved},
    {"--mesos_agent_timeout", Takes::kValue, kRemoved},
    {"--rkt_api_service", Takes::kValue, kRemoved},
    {"--rkt_path", Takes::kValue, kRemoved},
    {"--nosystemd", Takes::kNothing, kRemoved},
};

void ignore(CLI::App& app, ExporterConfig& config, const Ignored& flag) {
  const auto warn = [&config, &flag] {
    if (*flag.reason != '\0') config.warnings.push_back(std::string(flag.name) + " " + flag.reason);
  };
  CLI::Option* option =
      flag.takes == Takes::kValue
          ? app.add_option_function<std::string>(flag.name, [warn](const std::string&) { warn(); })
          : app.add_flag_function(flag.name, [warn](std::int64_t) { warn(); });
  option->group("");  // Not in the help: hundreds of lines about what is not there.
  if (flag.takes == Takes::kValue) option->take_last();
}

// "unix:///var/run/docker.sock" or a path. Others (tcp) cannot be asked.
void add_socket(CLI::App& app, ExporterConfig& config, const char* name,
                std::vector<std::string>& sockets) {
  app.add_option_function<std::string>(
         name,
         [&config, &sockets, name](const std::string& endpoint) {
           constexpr std::string_view kUnix = "unix://";
           const bool is_unix = endpoint.starts_with(kUnix);
           if (is_unix || endpoint.starts_with('/'))
             sockets = {is_unix ? endpoint.substr(kUnix.size()) : endpoint};
           else
             config.warnings.push_back(std::string(name) + " " + endpoint +
                                       " has no effect; only unix sockets are asked");
         },
         "The runtime's socket, asked only when its files cannot be read")
      ->group(kGroup);
}

void add_http(CLI::App& app, ExporterConfig& config) {
  app.add_option("--listen_ip", config.listen_ip, "Address to listen on, with --port")
      ->group(kGroup);
  app.add_option("--port", config.listen_port,
                 "Port to listen on (8080 if only --listen_ip is given)")
      ->check(CLI::Range(1, 65535))
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--url_base_prefix",
         [&config](std::string prefix) {
           while (prefix.ends_with('/')) prefix.pop_back();
           if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(0, 1, '/');
           config.base_path = std::move(prefix);
         },
         "Everything is served below this path as well, for a proxy that does not strip it")
      ->type_name("PATH")
      ->group(kGroup);
  app.add_option("--prometheus_endpoint", config.telemetry_path, "As --web.telemetry-path")
      ->group(kGroup);
}

void add_times(CLI::App& app, ExporterConfig& config) {
  exporter::SamplerConfig& sampler = config.sampler;
  add_duration(app, "--housekeeping_interval", sampler.interval, std::chrono::milliseconds(100),
               "As --interval")
      ->group(kGroup);
  add_duration(app, "--global_housekeeping_interval", sampler.tree.rescan_interval,
               std::chrono::seconds(1), "Time between walks that look for groups nobody announced")
      ->group(kGroup);
  add_duration(app, "--update_machine_info_interval", sampler.machine_interval,
               std::chrono::seconds(1), "Time between readings of the machine's facts (default 5m)")
      ->group(kGroup);
  add_duration(app, "--storage_duration", sampler.history.keep, std::chrono::nanoseconds(0),
               "As --history")
      ->group(kGroup);
}

void add_event_limits(CLI::App& app, ExporterConfig& config) {
  struct Lists {
    std::string ages, counts;
  };
  const auto lists = std::make_shared<Lists>();
  const auto choose = [lists, &config] {
    const auto limits = exporter::parse_event_limits(lists->ages, lists->counts);
    if (!limits) throw CLI::ValidationError("event limits", limits.error().subject);
    config.events = *limits;
  };
  app.add_option_function<std::string>(
         "--event_storage_age_limit",
         [lists, choose](const std::string& list) {
           lists->ages = list;
           choose();
         },
         "How long events are kept, by type: default=24h,oom=72h")
      ->type_name("TYPE=DURATION,...")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--event_storage_event_limit",
         [lists, choose](const std::string& list) {
           lists->counts = list;
           choose();
         },
         "How many events are kept, by type: default=100000,oomKill=10")
      ->type_name("TYPE=NUMBER,...")
      ->group(kGroup);
}

void add_scope(CLI::App& app, ExporterConfig& config) {
  exporter::Scope& scope = config.sampler.scope;
  app.add_flag("--docker_only", scope.containers_only,
               "Leave out cgroups that are no container, but the root")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--raw_cgroup_prefix_whitelist",
         [&scope](const std::string& list) { scope.prefixes = split(list); },
         "With --docker_only: cgroups below these paths all the same, comma-separated")
      ->group(kGroup);
  app.add_flag("--disable_root_cgroup_stats", scope.without_root, "Leave out the root cgroup")
      ->group(kGroup);
}

void add_machine(CLI::App& app, ExporterConfig& config) {
  exporter::MachineFiles& files = config.sampler.machine_files;
  app.add_option_function<std::string>(
         "--machine_id_file", [&files](const std::string& list) { files.machine_id = split(list); },
         "Files with the machine's id, comma-separated; the first that has one counts")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--boot_id_file", [&files](const std::string& list) { files.boot_id = split(list); },
         "Files with the boot's id, comma-separated")
      ->group(kGroup);
}

void add_verbosity(CLI::App& app, ExporterConfig& config) {
  app.add_option_function<std::string>(
         "--v",
         [&config](const std::string& text) {
           const auto level = to_number<std::int32_t>(text);
           if (!level) throw CLI::ValidationError("--v", "'" + text + "' is no number");
           if (*level >= 4) config.log_level = log::Level::kDebug;
         },
         "4 and more: as --log.level debug")
      ->group(kGroup);
}

}  // namespace

void add_cadvisor_flags(CLI::App& app, ExporterConfig& config) {
  add_http(app, config);
  add_times(app, config);
  add_event_limits(app, config);
  add_scope(app, config);
  add_machine(app, config);
  add_verbosity(app, config);
  add_socket(app, config, "--docker", config.sampler.inventory.docker_sockets);
  add_socket(app, config, "--podman", config.sampler.inventory.podman_sockets);
  app.add_option("--docker_root", config.sampler.inventory.docker_root, "As --docker-root")
      ->group(kGroup);
  for (const char* name :
       {"--docker_env_metadata_whitelist", "--containerd_env_metadata_whitelist"})
    app.add_option_function<std::string>(
           name,
           [&config](const std::string& list) {
             auto& prefixes = config.sampler.inventory.environment_prefixes;
             const std::vector<std::string> more = split(list);
             prefixes.insert(prefixes.end(), more.begin(), more.end());
           },
           "As --env_metadata_whitelist")
        ->group(kGroup);
  for (const Ignored& flag : kIgnored) ignore(app, config, flag);
}

}  // namespace plimsoll::agent
