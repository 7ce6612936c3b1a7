#include "agent/exporter_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "agent/cli.h"
#include "agent/exit_code.h"
#include "agent/metric_flags.h"

namespace plimsoll::agent {
namespace {

using cgroupfs::Group;
using cgroupfs::GroupSet;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  int code = -1;
  ExporterConfig config;
  std::string err;
};

Parsed parse(std::vector<std::string> arguments) {
  Parsed parsed;
  Command command;
  command.name = "exporter";
  command.go_dashes = true;
  command.add_flags = [&](CLI::App& app) { add_exporter_flags(app, parsed.config); };
  command.run = [] { return static_cast<int>(kExitOk); };
  arguments.insert(arguments.begin(), "exporter");
  ::testing::internal::CaptureStderr();
  parsed.code = run_cli(std::vector<Command>{command}, std::move(arguments));
  parsed.err = ::testing::internal::GetCapturedStderr();
  return parsed;
}

ExporterConfig config_of(std::vector<std::string> arguments) {
  Parsed parsed = parse(std::move(arguments));
  EXPECT_EQ(parsed.code, kExitOk) << parsed.err;
  return std::move(parsed.config);
}

// Every flag of the cAdvisor v0.60.5 binary, with a value where it takes one.
constexpr const char* kCadvisor[] = {
    "-listen_ip=127.0.0.1", "-port=8080", "-url_base_prefix=/c", "-http_auth_file=f",
    "-http_auth_realm=localhost", "-http_digest_file=f", "-http_digest_realm=localhost",
    "-prometheus_endpoint=/metrics", "-profiling=false", "-max_procs=0", "-disable_metrics=percpu",
    "-enable_metrics=cpu,memory", "-store_container_labels=false",
    "-whitelisted_container_labels=a", "-env_metadata_whitelist=A,B", "-resctrl_interval=0",
    "-referenced_reset_interval=0", "-enable_load_reader=false",
    "-application_metrics_count_limit=100", "-collector_cert=f", "-collector_key=f",
    "-docker_only=false", "-raw_cgroup_prefix_whitelist=", "-disable_root_cgroup_stats=false",
    "-container_hints=/etc/cadvisor/container_hints.json", "-housekeeping_interval=1s",
    "-max_housekeeping_interval=1m0s", "-allow_dynamic_housekeeping=true",
    "-global_housekeeping_interval=1m0s", "-update_machine_info_interval=5m0s",
    "-initial_splay_factor=1.0", "-jitter_factor=-1.0", "-event_storage_age_limit=default=24h",
    "-event_storage_event_limit=default=100000", "-log_cadvisor_usage=false",
    "-storage_duration=2m0s", "-storage_driver=influxdb", "-storage_driver_user=root",
    "-storage_driver_password=root", "-storage_driver_host=localhost:8086",
    "-storage_driver_db=cadvisor", "-storage_driver_table=stats", "-storage_driver_secure=false",
    "-storage_driver_buffer_duration=1m0s", "-storage_driver_influxdb_retention_policy=x",
    "-storage_driver_kafka_broker_list=localhost:9092", "-storage_driver_kafka_topic=stats",
    "-storage_driver_kafka_ssl_cert=f", "-storage_driver_kafka_ssl_key=f",
    "-storage_driver_kafka_ssl_ca=f", "-storage_driver_kafka_ssl_verify=true",
    "-storage_driver_es_host=http://localhost:9200", "-storage_driver_es_index=cadvisor",
    "-storage_driver_es_type=stats", "-storage_driver_es_enable_sniffer=false", "-bq_id=x",
    "-bq_secret=notasecret", "-bq_project_id=x", "-bq_account=x", "-bq_credentials_file=f",
    "-docker=unix:///var/run/docker.sock", "-docker-tls=false", "-docker-tls-cert=cert.pem",
    "-docker-tls-key=key.pem", "-docker-tls-ca=ca.pem", "-docker_root=/var/lib/docker",
    "-docker_env_metadata_whitelist=C", "-containerd_env_metadata_whitelist=D",
    "-containerd=/run/containerd/containerd.sock", "-containerd-namespace=k8s.io",
    "-podman=unix:///var/run/podman/podman.sock", "-crio_client_timeout=0s",
    "-machine_id_file=/etc/machine-id,/var/lib/dbus/machine-id",
    "-boot_id_file=/proc/sys/kernel/random/boot_id", "-v=2", "-vmodule=a=1", "-logtostderr",
    "-alsologtostderr=false", "-log_dir=d", "-log_file=f", "-log_file_max_size=1800",
    "-log_backtrace_at=:0", "-stderrthreshold=2", "-skip_headers=false", "-skip_log_headers=false",
    "-add_dir_header=false", "-one_output=false",
    // No longer cAdvisor's, still in unit files.
    "-disable_specific_metrics=x", "-mesos_agent=127.0.0.1:5051", "-mesos_agent_timeout=10s",
    "-nosystemd=true"};

TEST(CadvisorFlags, EveryOneIsAcceptedWithOneDashAndWithTwo) {
  for (const std::string flag : kCadvisor) {
    const Parsed one = parse({flag});
    EXPECT_EQ(one.code, kExitOk) << flag << ": " << one.err;
    const Parsed two = parse({"-" + flag});
    EXPECT_EQ(two.code, kExitOk) << flag << ": " << two.err;
  }
  const std::vector<std::string> all(std::begin(kCadvisor), std::end(kCadvisor));
  EXPECT_EQ(parse(all).code, kExitOk);
}

TEST(CadvisorFlags, ValuesMayFollowAsTheNextArgument) {
  const ExporterConfig config = config_of({"-listen_ip", "::1", "-storage_driver", "kafka", "-port",
                                           "9090", "-docker_only", "-v", "4"});
  EXPECT_THAT(addresses_of(config), ElementsAre("[::1]:9090"));
  EXPECT_TRUE(config.sampler.scope.containers_only);
  EXPECT_EQ(config.log_level, log::Level::kDebug);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("--storage_driver")));
}

TEST(CadvisorFlags, ThoseWithAMeaningSetIt) {
  const ExporterConfig config =
      config_of({"-housekeeping_interval=1m30s", "-global_housekeeping_interval=30s",
                 "-storage_duration=2m0s", "-update_machine_info_interval=1m",
                 "-raw_cgroup_prefix_whitelist=/a,/b", "-disable_root_cgroup_stats",
                 "-machine_id_file=/x,/y", "-prometheus_endpoint=/m", "-url_base_prefix=c/",
                 "-docker=unix:///d.sock", "-podman=/p.sock", "-docker_root=/d",
                 "-env_metadata_whitelist=A", "-docker_env_metadata_whitelist=B"});
  EXPECT_EQ(config.sampler.interval, std::chrono::seconds(90));
  EXPECT_EQ(config.sampler.tree.rescan_interval, std::chrono::seconds(30));
  EXPECT_EQ(config.sampler.history.keep, std::chrono::minutes(2));
  EXPECT_EQ(config.sampler.machine_interval, std::chrono::minutes(1));
  EXPECT_THAT(config.sampler.scope.prefixes, ElementsAre("/a", "/b"));
  EXPECT_TRUE(config.sampler.scope.without_root);
  EXPECT_THAT(config.sampler.machine_files.machine_id, ElementsAre("/x", "/y"));
  EXPECT_EQ(config.telemetry_path, "/m");
  EXPECT_EQ(config.base_path, "/c");
  EXPECT_THAT(config.sampler.inventory.docker_sockets, ElementsAre("/d.sock"));
  EXPECT_THAT(config.sampler.inventory.podman_sockets, ElementsAre("/p.sock"));
  EXPECT_EQ(config.sampler.inventory.docker_root, "/d");
  EXPECT_THAT(config.sampler.inventory.environment_prefixes, ElementsAre("A", "B"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(CadvisorFlags, ThoseWithoutAreNamedInAWarning) {
  const ExporterConfig config =
      config_of({"-container_hints=/x", "-docker=tcp://h:1", "-logtostderr"});
  EXPECT_THAT(config.warnings,
              ElementsAre(HasSubstr("--docker tcp://h:1"), HasSubstr("--container_hints")));
}

TEST(CadvisorFlags, EventsAreKeptByTheirLimits) {
  using exporter::EventType;
  const auto of = [](const ExporterConfig& config, EventType type) {
    return config.events.of[static_cast<std::size_t>(type)];
  };
  const ExporterConfig config = config_of(
      {"-event_storage_event_limit=default=7,oomKill=1", "-event_storage_age_limit=oom=72h0m0s"});
  EXPECT_EQ(of(config, EventType::kCreation).count, 7U);
  EXPECT_EQ(of(config, EventType::kCreation).age, std::chrono::hours(24));
  EXPECT_EQ(of(config, EventType::kOomKill).count, 1U);
  EXPECT_EQ(of(config, EventType::kOom).age, std::chrono::hours(72));
  const Parsed wrong = parse({"-event_storage_event_limit=default=many"});
  EXPECT_EQ(wrong.code, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("default=many"));
}

TEST(CadvisorFlags, AFlagNobodyHasIsAnError) {
  EXPECT_EQ(parse({"-prot=8080"}).code, kExitUsage);
  EXPECT_EQ(parse({"-port=http"}).code, kExitUsage);
  EXPECT_EQ(parse({"-port=65536"}).code, kExitUsage);
  EXPECT_EQ(parse({"-housekeeping_interval=1x"}).code, kExitUsage);
}

TEST(Addresses, OursGoBeforeCadvisors) {
  EXPECT_THAT(addresses_of(config_of({})), ElementsAre(":7546"));
  EXPECT_THAT(addresses_of(config_of({"--port=8080"})), ElementsAre(":8080"));
  EXPECT_THAT(addresses_of(config_of({"--listen_ip=10.0.0.1"})), ElementsAre("10.0.0.1:8080"));
  EXPECT_THAT(addresses_of(config_of(
                  {"--port=1", "--web.listen-address=:2", "--web.listen-address", "unix:/s"})),
              ElementsAre(":2", "unix:/s"));
}

TEST(Groups, AreChosenByCadvisorsRules) {
  const GroupSet standard = config_of({}).sampler.reader.groups;
  EXPECT_EQ(standard, GroupSet::defaults());
  for (const Group off : {Group::kAdvTcp, Group::kCpuTopology, Group::kCpuset, Group::kHugetlb,
                          Group::kMemoryNuma, Group::kProcess, Group::kReferencedMemory,
                          Group::kResctrl, Group::kSched, Group::kTcp, Group::kUdp})
    EXPECT_FALSE(standard.has(off)) << name_of(off);
  // A given list replaces the default one.
  GroupSet all_but_percpu = GroupSet::all();
  all_but_percpu.set(Group::kPercpu, false);
  EXPECT_EQ(config_of({"-disable_metrics=percpu"}).sampler.reader.groups, all_but_percpu);
  EXPECT_EQ(config_of({"-disable_metrics="}).sampler.reader.groups, GroupSet::all());
  GroupSet two;
  two.set(Group::kCpu).set(Group::kTcp).set(Group::kAlways);
  EXPECT_EQ(config_of({"-enable_metrics=cpu,tcp", "-disable_metrics=cpu"}).sampler.reader.groups,
            two);
  EXPECT_EQ(config_of({"-enable_metrics=", "-disable_metrics=percpu"}).sampler.reader.groups,
            all_but_percpu);
}

TEST(Groups, UnknownOnesAreFatalAndRemovedOnesAWarning) {
  const Parsed unknown = parse({"-disable_metrics=cpu,gpu"});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("'gpu'"));
  EXPECT_THAT(unknown.err, HasSubstr("referenced_memory"));
  const ExporterConfig removed = config_of({"-disable_metrics=accelerator,percpu"});
  EXPECT_THAT(removed.warnings, Contains(HasSubstr("accelerator")));
  EXPECT_FALSE(removed.sampler.reader.groups.has(Group::kPercpu));
}

TEST(Labels, AreChosenByCadvisorsFlags) {
  EXPECT_FALSE(config_of({}).labels.all_container_labels);
  EXPECT_TRUE(config_of({"-store_container_labels=true"}).labels.all_container_labels);
  EXPECT_TRUE(config_of({"-store_container_labels"}).labels.all_container_labels);
  EXPECT_FALSE(config_of({"-store_container_labels=false"}).labels.all_container_labels);
  EXPECT_THAT(config_of({"-whitelisted_container_labels=a.b,,c"}).labels.allowed_labels,
              ElementsAre("a.b", "c"));
}

TEST(Compat, StrictTakesAllLabelsUnlessTold) {
  EXPECT_EQ(config_of({}).compat, exporter::Compat::kDefault);
  const ExporterConfig strict = config_of({"--compat=strict"});
  EXPECT_EQ(strict.compat, exporter::Compat::kStrict);
  EXPECT_TRUE(strict.labels.all_container_labels);
  EXPECT_FALSE(
      config_of({"--compat=strict", "--store_container_labels=false"}).labels.all_container_labels);
  EXPECT_FALSE(
      config_of({"--store_container_labels=false", "--compat=strict"}).labels.all_container_labels);
  EXPECT_EQ(parse({"--compat=loose"}).code, kExitUsage);
}

TEST(RootFlags, RepeatableOnesTakeOneValueEach) {
  exporter::SamplerConfig config;
  CLI::App app;
  add_root_flags(app, config);
  std::vector<std::string> free;
  app.add_option("REF", free);
  // CLI11 takes them from the back.
  std::vector<std::string> arguments{"db", "--docker-socket", "/a", "web", "--docker-socket=/b"};
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  EXPECT_THAT(config.inventory.docker_sockets, ElementsAre("/a", "/b"));
  EXPECT_THAT(free, ElementsAre("db", "web"));
}

TEST(ListMetrics, PrintsTheCatalogue) {
  ExporterConfig config = config_of({"--list-metrics"});
  EXPECT_EQ(config.list_metrics, "table");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(list_metrics(config), kExitOk);
  const std::string table = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(table, HasSubstr("\ncontainer_cpu_usage_seconds_total "));
  EXPECT_EQ(config_of({"--list-metrics=json"}).list_metrics, "json");
  EXPECT_EQ(config_of({}).list_metrics, "");
  config.list_metrics = "xml";
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(list_metrics(config), kExitUsage);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("xml"));
}

}  // namespace
}  // namespace plimsoll::agent
