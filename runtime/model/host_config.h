// How a container stands on its host: Docker's `HostConfig` and `NetworkingConfig`, with Docker's
// names, units and defaults (Engine API 1.44).
//
// Thread: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/config.h"
#include "runtime/model/refusal.h"

namespace plimsoll::model {

struct PortBinding {
  std::string host_ip;
  std::string host_port;  // "", "8080", "18090-18095"
  bool operator==(const PortBinding&) const = default;
};

struct RestartPolicy {
  std::string name = "no";  // "no", "always", "unless-stopped", "on-failure"
  int maximum_retry_count = 0;
  bool operator==(const RestartPolicy&) const = default;
};

struct LogConfig {
  std::string type = "json-file";  // "json-file", "none"
  std::map<std::string, std::string> options;
  bool operator==(const LogConfig&) const = default;
};

struct WeightDevice {
  std::string path;
  std::uint16_t weight = 0;
  bool operator==(const WeightDevice&) const = default;
};
struct ThrottleDevice {
  std::string path;
  std::uint64_t rate = 0;
  bool operator==(const ThrottleDevice&) const = default;
};
struct DeviceMapping {
  std::string path_on_host;
  std::string path_in_container;
  std::string cgroup_permissions = "rwm";
  bool operator==(const DeviceMapping&) const = default;
};
struct Ulimit {
  std::string name;
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

// What `docker update` may change. Zero, empty, absent: not asked for.
struct Resources {
  std::int64_t cpu_shares = 0;
  std::int64_t memory = 0;  // Bytes.
  std::int64_t nano_cpus = 0;
  std::string cgroup_parent;
  std::uint16_t blkio_weight = 0;
  std::vector<WeightDevice> blkio_weight_device;
  std::vector<ThrottleDevice> blkio_device_read_bps;
  std::vector<ThrottleDevice> blkio_device_write_bps;
  std::vector<ThrottleDevice> blkio_device_read_iops;
  std::vector<ThrottleDevice> blkio_device_write_iops;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::int64_t cpu_realtime_period = 0;
  std::int64_t cpu_realtime_runtime = 0;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::vector<DeviceMapping> devices;
  std::vector<std::string> device_cgroup_rules;
  std::int64_t memory_reservation = 0;
  std::int64_t memory_swap = 0;  // Memory and swap; -1: no limit.
  std::optional<std::int64_t> memory_swappiness;
  std::optional<bool> oom_kill_disable;
  std::optional<std::int64_t> pids_limit;
  std::vector<Ulimit> ulimits;
  bool operator==(const Resources&) const = default;
};

// HostConfig.Mounts
struct Mount {
  std::string type;  // "bind", "volume", "tmpfs"
  std::string source;
  std::string target;
  bool read_only = false;
  std::string consistency;
  // BindOptions
  std::string propagation;
  bool non_recursive = false;
  bool create_mountpoint = false;
  // VolumeOptions
  bool no_copy = false;
  std::map<std::string, std::string> labels;
  std::string driver;
  std::map<std::string, std::string> driver_options;
  // TmpfsOptions
  std::int64_t tmpfs_size = 0;
  std::uint32_t tmpfs_mode = 0;
  bool operator==(const Mount&) const = default;
};

struct HostConfig {
  std::vector<std::string> binds;  // "source:target[:options]"
  std::string container_id_file;
  LogConfig log_config;
  std::string network_mode = "default";  // bridge, host, none, container:X, a network's name
  std::map<std::string, std::vector<PortBinding>> port_bindings;  // "80/tcp"
  RestartPolicy restart_policy;
  bool auto_remove = false;
  std::string volume_driver;
  std::vector<std::string> volumes_from;
  std::vector<Mount> mounts;
  std::vector<int> console_size;  // Height, width; empty: not asked for.
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::string cgroupns_mode;
  std::vector<std::string> dns;
  std::vector<std::string> dns_options;
  std::vector<std::string> dns_search;
  std::vector<std::string> extra_hosts;  // "name:address"
  std::vector<std::string> group_add;
  std::string ipc_mode;
  std::string cgroup;
  std::vector<std::string> links;  // "container:alias"
  int oom_score_adj = 0;
  std::string pid_mode;
  bool privileged = false;
  bool publish_all_ports = false;
  bool readonly_rootfs = false;
  std::vector<std::string> security_opt;
  std::map<std::string, std::string> storage_opt;
  std::map<std::string, std::string> tmpfs;  // Path to mount options.
  std::string uts_mode;
  std::string userns_mode;
  std::int64_t shm_size = 0;  // Zero: 64 MiB.
  std::map<std::string, std::string> sysctls;
  std::string runtime;
  std::string isolation;
  Resources resources;
  std::optional<std::vector<std::string>> masked_paths;
  std::optional<std::vector<std::string>> readonly_paths;
  std::optional<bool> init;
  std::map<std::string, std::string> annotations;
  bool operator==(const HostConfig&) const = default;
};

// NetworkingConfig.EndpointsConfig[name], and the body of networks/{id}/connect.
struct EndpointConfig {
  std::string ipv4_address;  // Asked for; empty: any.
  std::string ipv6_address;
  std::vector<std::string> links;
  std::vector<std::string> aliases;
  std::string mac_address;
  std::map<std::string, std::string> driver_options;
  bool operator==(const EndpointConfig&) const = default;
};

// The body of containers/create.
struct Definition {
  Config config;
  HostConfig host;
  std::map<std::string, EndpointConfig> networks;  // By name or id; "default" is the bridge.
  bool operator==(const Definition&) const = default;
};

// The Resources and RestartPolicy of an update.
struct UpdateRequest {
  Resources resources;
  std::optional<RestartPolicy> restart_policy;
};

// The whole body of containers/create, from any client of API 1.24 to 1.44. What clients may leave
// out has its default; wrong types and impossible values are kInvalid with Docker's words.
[[nodiscard]] Answer<Definition> decode_definition(std::string_view json);
[[nodiscard]] Answer<UpdateRequest> decode_update(std::string_view json);
[[nodiscard]] Answer<EndpointConfig> decode_endpoint_config(std::string_view json);
// HostConfig as inspect shows it; and back, for what we wrote ourselves.
[[nodiscard]] std::string encode(const HostConfig& host);
[[nodiscard]] Answer<HostConfig> decode_host_config(std::string_view json);
[[nodiscard]] std::string encode(const EndpointConfig& endpoint);
[[nodiscard]] std::string encode(const Definition& definition);

// Checks that need no host: ranges and combinations of limits, names of capabilities, modes. The
// answer is a list of warnings. Docker's words (minimum 6 MiB, swap without memory, ...).
[[nodiscard]] Answer<std::vector<std::string>> check(const Definition& definition);
// Of an update by itself, before it is held against what is in force.
[[nodiscard]] Answer<std::vector<std::string>> check(const UpdateRequest& request);

// What limits are held against on this host.
struct HostLimits {
  int cpus = 1;
  std::string cpu_list;   // "0-3", as the kernel writes it.
  std::string node_list;  // "0"
};
[[nodiscard]] Answer<> check_on_host(const Resources& resources, const HostLimits& host);

}  // namespace plimsoll::model
