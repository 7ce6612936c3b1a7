#include <gtest/gtest.h>

#include "runtime/model/host_config.h"

namespace plimsoll::model {
namespace {

// A body as the docker CLI sends it, with something in every kind of member.
constexpr std::string_view kFromCli = R"({"Hostname":"box","User":"1000:1000","AttachStdout":true,
  "ExposedPorts":{"80/tcp":{},"53/UDP":{}},"Env":["A=1","B"],"Cmd":["-c","sleep 9"],
  "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":5000000000,"Retries":2},
  "Image":"busybox:local","Volumes":{"/anon":{}},"Entrypoint":["/bin/sh"],"OnBuild":null,
  "Labels":{"a":"b"},"StopSignal":"SIGINT","StopTimeout":3,
  "HostConfig":{"Binds":["data:/vol","/srv/in:/data:ro"],"LogConfig":{"Type":"","Config":{"max-size":"1m"}},
    "NetworkMode":"","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"18080"}],"9000":[{}],"81/tcp":null},
    "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"ConsoleSize":[0,0],
    "CapAdd":["CAP_NET_ADMIN"],"Dns":["9.9.9.9"],"Tmpfs":{"/tt":"size=2m"},"ShmSize":8388608,
    "CpuShares":512,"Memory":67108864,"NanoCpus":500000000,
    "BlkioWeightDevice":[{"Path":"/dev/vda","Weight":200}],
    "BlkioDeviceReadBps":[{"Path":"/dev/vda","Rate":1048576}],"BlkioDeviceWriteBps":null,
    "Devices":[{"PathOnHost":"/dev/null","PathInContainer":"","CgroupPermissions":""}],
    "DeviceRequests":null,"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,
    "Ulimits":[{"Name":"nofile","Hard":200,"Soft":100}],
    "Mounts":[{"Type":"volume","Source":"v","Target":"/w","VolumeOptions":{"NoCopy":true,
        "Labels":{"x":"y"},"DriverConfig":{"Name":"local","Options":{"type":"nfs"}}}},
      {"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}},
      {"Type":"tmpfs","Target":"/tm","TmpfsOptions":{"SizeBytes":1048576,"Mode":1023}}],
    "MaskedPaths":null,"ReadonlyPaths":[],"Init":true},
  "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":{"IPv4Address":"172.20.0.9"},
    "Aliases":["db"],"MacAddress":"","DriverOpts":null,"GwPriority":0},"other":null}}})";

TEST(Definition, IsReadAsTheDockerCliSendsIt) {
  const Answer<Definition> read = decode_definition(kFromCli);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->config.user, "1000:1000");
  EXPECT_EQ(read->config.exposed_ports, (std::set<std::string>{"80/tcp", "53/udp"}));
  EXPECT_EQ(read->config.cmd, (std::vector<std::string>{"-c", "sleep 9"}));
  ASSERT_TRUE(read->config.healthcheck);
  EXPECT_EQ(read->config.healthcheck->interval, std::chrono::seconds(5));
  EXPECT_EQ(read->config.volumes, (std::set<std::string>{"/anon"}));
  EXPECT_EQ(read->config.stop_timeout, 3);
  const HostConfig& host = read->host;
  EXPECT_EQ(host.network_mode, "default");
  EXPECT_EQ(host.log_config.type, "json-file");
  EXPECT_EQ(host.log_config.options.at("max-size"), "1m");
  ASSERT_EQ(host.port_bindings.at("9000/tcp").size(), 1U);
  EXPECT_EQ(host.port_bindings.at("80/tcp")[0].host_port, "18080");
  EXPECT_TRUE(host.port_bindings.at("81/tcp").empty());
  EXPECT_EQ(host.restart_policy.maximum_retry_count, 3);
  EXPECT_TRUE(host.console_size.empty());
  EXPECT_EQ(host.resources.memory, 67108864);
  EXPECT_EQ(host.resources.blkio_weight_device[0].weight, 200);
  EXPECT_EQ(host.resources.blkio_device_read_bps[0].rate, 1048576U);
  EXPECT_EQ(host.resources.devices[0].path_in_container, "/dev/null");
  EXPECT_EQ(host.resources.devices[0].cgroup_permissions, "rwm");
  EXPECT_FALSE(host.resources.memory_swappiness);
  EXPECT_EQ(host.resources.oom_kill_disable, false);
  EXPECT_FALSE(host.resources.pids_limit);
  EXPECT_EQ(host.resources.ulimits[0].soft, 100);
  ASSERT_EQ(host.mounts.size(), 3U);
  EXPECT_EQ(host.mounts[0].driver_options.at("type"), "nfs");
  EXPECT_TRUE(host.mounts[0].no_copy);
  EXPECT_EQ(host.mounts[1].propagation, "rslave");
  EXPECT_EQ(host.mounts[2].tmpfs_mode, 1023U);
  EXPECT_FALSE(host.masked_paths);
  EXPECT_TRUE(host.readonly_paths && host.readonly_paths->empty());
  EXPECT_EQ(host.init, true);
  ASSERT_EQ(read->networks.size(), 2U);
  EXPECT_EQ(read->networks.at("default").ipv4_address, "172.20.0.9");
  EXPECT_EQ(read->networks.at("default").aliases, (std::vector<std::string>{"db"}));
}

TEST(Definition, IsWrittenAndReadBackAsItWas) {
  const Answer<Definition> read = decode_definition(kFromCli);
  ASSERT_TRUE(read);
  const Answer<Definition> again = decode_definition(encode(*read));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *read);
  EXPECT_EQ(*decode_host_config(encode(read->host)), read->host);
  EXPECT_EQ(*decode_config(encode(read->config)), read->config);
  EXPECT_EQ(*decode_definition(encode(Definition())), Definition());
}

TEST(Definition, HasDefaultsForWhatSparseClientsLeaveOut) {
  const Answer<Definition> read = decode_definition(
      R"({"Tty": false, "Cmd": "echo", "Image": "busybox", "HostConfig": {"NetworkMode": "default"}})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->config.cmd, (std::vector<std::string>{"echo"}));
  EXPECT_FALSE(read->config.entrypoint);
  EXPECT_EQ(read->host.restart_policy.name, "no");
  EXPECT_EQ(read->host.log_config.type, "json-file");
  Definition plain;
  plain.config.cmd = {"echo"};
  plain.config.image = "busybox";
  EXPECT_EQ(*read, plain);
}

TEST(Definition, NamesAreFoundWhateverTheirCase) {
  const auto read = decode_definition(R"({"image":"a","hostconfig":{"MEMORY":7000000}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->config.image, "a");
  EXPECT_EQ(read->host.resources.memory, 7000000);
}

TEST(Definition, AnEmptyListIsNotAnAbsentOne) {
  const auto read = decode_definition(R"({"Cmd":[],"Entrypoint":[""],"Image":"a"})");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->config.cmd && read->config.cmd->empty());
  EXPECT_EQ(read->config.entrypoint, (std::vector<std::string>{""}));
  EXPECT_EQ(*decode_definition(encode(*read)), *read);
}

TEST(HostConfig, IsWrittenAsDockerdShowsIt) {
  const std::string text = encode(HostConfig());
  EXPECT_TRUE(text.starts_with(
      R"({"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{}},)"
      R"("NetworkMode":"default","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},)"
      R"("AutoRemove":false,"VolumeDriver":"","VolumesFrom":null,"ConsoleSize":[0,0],"CapAdd":null,)"))
      << text;
  EXPECT_NE(text.find(R"("Dns":[],"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null)"), text.npos);
  EXPECT_NE(text.find(R"("MemorySwappiness":null,"OomKillDisable":null,"PidsLimit":null)"),
            text.npos);
  EXPECT_EQ(text.find("Tmpfs"), text.npos);
  EXPECT_EQ(text.find("\"Init\""), text.npos);
}

TEST(Config, IsWrittenAsDockerdShowsIt) {
  Config config;
  config.env = {"A=\"1\""};
  config.image = "busybox";
  EXPECT_EQ(
      encode(config),
      R"({"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,)"
      R"("AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["A=\"1\""],)"
      R"("Cmd":null,"Image":"busybox","Volumes":null,"WorkingDir":"","Entrypoint":null,)"
      R"("OnBuild":null,"Labels":{}})");
}

TEST(EndpointConfig, IsWrittenAndRead) {
  EndpointConfig endpoint;
  EXPECT_EQ(encode(endpoint),
            R"({"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"","DriverOpts":null})");
  endpoint.ipv6_address = "fd00::2";
  endpoint.links = {"db:db"};
  EXPECT_EQ(*decode_endpoint_config(encode(endpoint)), endpoint);
}

TEST(UpdateRequest, ARestartPolicyWithoutANameSaysNothing) {
  const auto silent = decode_update(R"({"CpuShares":5,"RestartPolicy":{"Name":""}})");
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->resources.cpu_shares, 5);
  EXPECT_FALSE(silent->restart_policy);
  EXPECT_FALSE(decode_update(R"({"RestartPolicy":{}})")->restart_policy);
  EXPECT_EQ(decode_update(R"({"RestartPolicy":{"Name":"always"}})")->restart_policy->name,
            "always");
  // Unlike at creation, zero is a wish here: no limit.
  EXPECT_EQ(decode_update(R"({"PidsLimit":0})")->resources.pids_limit, 0);
}

struct Wrong {
  const char* name;
  const char* body;
  const char* message;
};
class WrongDefinition : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongDefinition, IsRefusedByName) {
  const Answer<Definition> read = decode_definition(GetParam().body);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    , WrongDefinition,
    ::testing::Values(
        Wrong{"Type", R"({"HostConfig":{"Memory":"64m"}})",
              "HostConfig.Memory: must be a whole number in range, not a string"},
        Wrong{"Fraction", R"({"HostConfig":{"Memory":1.5}})",
              "HostConfig.Memory: must be a whole number in range, not 1.5"},
        Wrong{"Range", R"({"HostConfig":{"BlkioWeight":70000}})",
              "HostConfig.BlkioWeight: must be a whole number in range, not 70000"},
        Wrong{"Flag", R"({"Tty":1})", "Tty: must be a boolean, not 1"},
        Wrong{"List", R"({"Env":{"A":"1"}})", "Env: must be an array of strings, not an object"},
        Wrong{"Element", R"({"Env":["A=1",2]})", "Env: must be an array of strings, not 2"},
        Wrong{"Nested", R"({"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}})",
              "HostConfig.PortBindings.80/tcp[0].HostPort: must be a string, not 80"},
        Wrong{"Object", R"({"HostConfig":[]})", "HostConfig: must be an object, not an array"},
        Wrong{"Nul", R"({"Cmd":["a\u0000b"]})", "Cmd: has a NUL byte"},
        Wrong{"Array", "[]", "invalid JSON: must be an object"},
        Wrong{"Devices", R"({"HostConfig":{"DeviceRequests":[{"Count":-1}]}})",
              "could not select device driver \"\": DeviceRequests are not supported"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace plimsoll::model
