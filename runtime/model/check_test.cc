#include <gtest/gtest.h>

#include "runtime/model/host_config.h"

namespace plimsoll::model {
namespace {

struct Case {
  const char* name;
  const char* body;
  const char* message;  // Empty: it is right.
};
class Check : public ::testing::TestWithParam<Case> {};

TEST_P(Check, SpeaksDockersWords) {
  const Answer<Definition> read = decode_definition(GetParam().body);
  ASSERT_TRUE(read) << read.error().message;
  const auto checked = check(*read);
  const std::string said = checked ? "" : checked.error().message;
  EXPECT_EQ(said, GetParam().message);
  EXPECT_TRUE(checked || checked.error().why == Refused::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    Limits, Check,
    ::testing::Values(
        Case{"Nothing", "{}", ""},
        Case{"Memory", R"({"HostConfig":{"Memory":6291455}})",
             "Minimum memory limit allowed is 6MB"},
        Case{"MemoryEnough", R"({"HostConfig":{"Memory":6291456}})", ""},
        Case{"Swap", R"({"HostConfig":{"Memory":16777216,"MemorySwap":8388608}})",
             "Minimum memoryswap limit should be larger than memory limit, see usage"},
        Case{"SwapAlone", R"({"HostConfig":{"MemorySwap":8388608}})",
             "You should always set the Memory limit when using Memoryswap limit, see usage"},
        Case{"SwapWithoutEnd", R"({"HostConfig":{"Memory":16777216,"MemorySwap":-1}})", ""},
        Case{"Reservation", R"({"HostConfig":{"MemoryReservation":1}})",
             "Minimum memory reservation allowed is 6MB"},
        Case{"ReservationAbove",
             R"({"HostConfig":{"Memory":16777216,"MemoryReservation":33554432}})",
             "Minimum memory limit can not be less than memory reservation limit, see usage"},
        Case{"Swappiness", R"({"HostConfig":{"MemorySwappiness":101}})",
             "Invalid value: 101, valid memory swappiness range is 0-100"},
        Case{"Period", R"({"HostConfig":{"CpuPeriod":999}})",
             "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. "
             "1000000)"},
        Case{"Quota", R"({"HostConfig":{"CpuQuota":999}})",
             "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
        Case{"CpusAndQuota", R"({"HostConfig":{"NanoCpus":500000000,"CpuQuota":5000}})",
             "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
        Case{"Weight", R"({"HostConfig":{"BlkioWeight":9}})",
             "Range of blkio weight is from 10 to 1000"}),
    [](const auto& p) { return std::string(p.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Rest, Check,
    ::testing::Values(
        Case{"Capability", R"({"HostConfig":{"CapAdd":["NET_ADMIN","cap_kill","ALL","fly"]}})",
             "invalid CapAdd: unknown capability: \"CAP_FLY\""},
        Case{"Policy", R"({"HostConfig":{"RestartPolicy":{"Name":"bogus"}}})",
             "invalid restart policy: unknown policy 'bogus'; use one of 'no', 'always', "
             "'on-failure', or 'unless-stopped'"},
        Case{"Retries",
             R"({"HostConfig":{"RestartPolicy":{"Name":"always","MaximumRetryCount":3}}})",
             "invalid restart policy: maximum retry count can only be used with 'on-failure'"},
        Case{"AutoRemove",
             R"({"HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}})",
             "can't create 'AutoRemove' container with restart policy"},
        Case{"WorkingDir", R"({"WorkingDir":"tmp"})",
             "the working directory 'tmp' is invalid, it needs to be an absolute path"},
        Case{"Variable", R"({"Env":["=1"]})", "invalid environment variable: =1"},
        Case{"Health", R"({"Healthcheck":{"Test":["CMD","x"],"Interval":1000}})",
             "Interval in Healthcheck cannot be less than 1ms"},
        Case{"Port", R"({"ExposedPorts":{"70000/tcp":{}}})",
             "invalid port specification: \"70000/tcp\""},
        Case{"PortRange", R"({"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"90-80"}]}}})",
             "invalid port specification: \"90-80\""},
        Case{"Ipc", R"({"HostConfig":{"IpcMode":"container:"}})", "invalid IPC mode: container:"},
        Case{"Pid", R"({"HostConfig":{"PidMode":"x"}})", "invalid PID mode: x"},
        Case{"Oom", R"({"HostConfig":{"OomScoreAdj":1001}})",
             "Invalid value 1001, range for oom score adj is [-1000, 1000]"},
        Case{"Hostname", R"({"Hostname":"a","HostConfig":{"NetworkMode":"container:x"}})",
             "conflicting options: hostname and the network mode"},
        Case{"Driver", R"({"HostConfig":{"LogConfig":{"Type":"syslog"}}})",
             "logger: no log driver named 'syslog' is registered"}),
    [](const auto& p) { return std::string(p.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Mounts, Check,
    ::testing::Values(
        Case{"Right", R"({"HostConfig":{"Binds":["v:/a","/b:/b:ro,Z"],"Tmpfs":{"/t":""}}})", ""},
        Case{"NoTarget", R"({"HostConfig":{"Binds":["v:"]}})",
             "invalid volume specification: 'v:'"},
        Case{"Relative", R"({"HostConfig":{"Binds":["v:a"]}})",
             "invalid volume specification: 'v:a': invalid mount config for type \"volume\": "
             "invalid mount path: 'a' mount path must be absolute"},
        Case{"Root", R"({"HostConfig":{"Binds":["/b:/"]}})",
             "invalid volume specification: '/b:/': invalid mount config for type \"bind\": "
             "invalid specification: destination can't be '/'"},
        Case{"Twice", R"({"HostConfig":{"Binds":["v:/a","w:/a"]}})", "Duplicate mount point: /a"},
        Case{"Unknown", R"({"HostConfig":{"Mounts":[{"Type":"npipe","Target":"/a"}]}})",
             "invalid mount config for type \"npipe\": mount type unknown"},
        Case{"NoSource", R"({"HostConfig":{"Mounts":[{"Type":"bind","Target":"/a"}]}})",
             "invalid mount config for type \"bind\": field Source must not be empty"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(CheckOnHost, CpusAreThisHosts) {
  const HostLimits host{.cpus = 2, .cpu_list = "0-1", .node_list = "0"};
  Resources asked;
  asked.nano_cpus = 3000000000;
  EXPECT_EQ(check_on_host(asked, host).error().message,
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available");
  asked = {.cpuset_cpus = "0,5"};
  EXPECT_EQ(check_on_host(asked, host).error().message,
            "Requested CPUs are not available - requested 0,5, available: 0-1");
  asked = {.cpuset_cpus = "abc"};
  EXPECT_EQ(check_on_host(asked, host).error().message, "Invalid value abc for cpuset cpus");
  asked = {.cpuset_mems = "1"};
  EXPECT_EQ(check_on_host(asked, host).error().message,
            "Requested memory nodes are not available - requested 1, available: 0");
  asked = {.nano_cpus = 2000000000, .cpuset_cpus = "0-1", .cpuset_mems = "0"};
  EXPECT_TRUE(check_on_host(asked, host));
}

TEST(CheckUpdate, SwapMayComeAlone) {
  EXPECT_TRUE(check(*decode_update(R"({"MemorySwap":8388608})")));
  EXPECT_FALSE(check(*decode_update(R"({"RestartPolicy":{"Name":"bogus"}})")));
  EXPECT_FALSE(check(*decode_update(R"({"Memory":1})")));
}

}  // namespace
}  // namespace plimsoll::model
