// The fields of Docker's objects, named once: walked with a Writer they are encoded, with a Reader
// decoded. The order and what is left out when empty are dockerd's.
#pragma once

#include "runtime/model/host_config.h"
#include "runtime/model/json_reader.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::model::fields {

// `value` is const with a Writer.
inline constexpr auto healthcheck = [](auto& visit, auto& value) {
  visit("Test", value.test, Empty::kOmitted);
  visit("Interval", value.interval, Empty::kOmitted);
  visit("Timeout", value.timeout, Empty::kOmitted);
  visit("StartPeriod", value.start_period, Empty::kOmitted);
  visit("StartInterval", value.start_interval, Empty::kOmitted);
  visit("Retries", value.retries, Empty::kOmitted);
};

inline constexpr auto config = [](auto& visit, auto& value) {
  visit("Hostname", value.hostname);
  visit("Domainname", value.domainname);
  visit("User", value.user);
  visit("AttachStdin", value.attach_stdin);
  visit("AttachStdout", value.attach_stdout);
  visit("AttachStderr", value.attach_stderr);
  visit("ExposedPorts", value.exposed_ports, Empty::kOmitted);
  visit("Tty", value.tty);
  visit("OpenStdin", value.open_stdin);
  visit("StdinOnce", value.stdin_once);
  visit("Env", value.env);
  visit("Cmd", value.cmd);
  visit.optional_object("Healthcheck", value.healthcheck, healthcheck);
  visit("ArgsEscaped", value.args_escaped, Empty::kOmitted);
  visit("Image", value.image);
  visit("Volumes", value.volumes);
  visit("WorkingDir", value.working_dir);
  visit("Entrypoint", value.entrypoint);
  visit("NetworkDisabled", value.network_disabled, Empty::kOmitted);
  visit("MacAddress", value.mac_address, Empty::kOmitted);
  visit("OnBuild", value.on_build);
  visit("Labels", value.labels);
  visit("StopSignal", value.stop_signal, Empty::kOmitted);
  visit("StopTimeout", value.stop_timeout, Empty::kOmitted);
  visit("Shell", value.shell, Empty::kOmitted);
};

inline constexpr auto port_binding = [](auto& visit, auto& value) {
  visit("HostIp", value.host_ip);
  visit("HostPort", value.host_port);
};
inline constexpr auto restart_policy = [](auto& visit, auto& value) {
  visit("Name", value.name);
  visit("MaximumRetryCount", value.maximum_retry_count);
};
inline constexpr auto log_config = [](auto& visit, auto& value) {
  visit("Type", value.type);
  visit("Config", value.options);
};
inline constexpr auto weight_device = [](auto& visit, auto& value) {
  visit("Path", value.path);
  visit("Weight", value.weight);
};
inline constexpr auto throttle_device = [](auto& visit, auto& value) {
  visit("Path", value.path);
  visit("Rate", value.rate);
};
inline constexpr auto device_mapping = [](auto& visit, auto& value) {
  visit("PathOnHost", value.path_on_host);
  visit("PathInContainer", value.path_in_container);
  visit("CgroupPermissions", value.cgroup_permissions);
};
inline constexpr auto ulimit = [](auto& visit, auto& value) {
  visit("Name", value.name);
  visit("Hard", value.hard);
  visit("Soft", value.soft);
};

inline constexpr auto resources = [](auto& visit, auto& value) {
  visit("CpuShares", value.cpu_shares);
  visit("Memory", value.memory);
  visit("NanoCpus", value.nano_cpus);
  visit("CgroupParent", value.cgroup_parent);
  visit("BlkioWeight", value.blkio_weight);
  visit.objects("BlkioWeightDevice", value.blkio_weight_device, weight_device);
  visit.objects("BlkioDeviceReadBps", value.blkio_device_read_bps, throttle_device);
  visit.objects("BlkioDeviceWriteBps", value.blkio_device_write_bps, throttle_device);
  visit.objects("BlkioDeviceReadIOps", value.blkio_device_read_iops, throttle_device);
  visit.objects("BlkioDeviceWriteIOps", value.blkio_device_write_iops, throttle_device);
  visit("CpuPeriod", value.cpu_period);
  visit("CpuQuota", value.cpu_quota);
  visit("CpuRealtimePeriod", value.cpu_realtime_period);
  visit("CpuRealtimeRuntime", value.cpu_realtime_runtime);
  visit("CpusetCpus", value.cpuset_cpus);
  visit("CpusetMems", value.cpuset_mems);
  visit.objects("Devices", value.devices, device_mapping);
  visit("DeviceCgroupRules", value.device_cgroup_rules);
  visit.constant("DeviceRequests", "null");
  visit("MemoryReservation", value.memory_reservation);
  visit("MemorySwap", value.memory_swap);
  visit("MemorySwappiness", value.memory_swappiness);
  visit("OomKillDisable", value.oom_kill_disable);
  visit("PidsLimit", value.pids_limit);
  visit.objects("Ulimits", value.ulimits, ulimit);
  visit.constant("CpuCount", "0");
  visit.constant("CpuPercent", "0");
  visit.constant("IOMaximumIOps", "0");
  visit.constant("IOMaximumBandwidth", "0");
};

inline constexpr auto mount = [](auto& visit, auto& value) {
  visit("Type", value.type);
  visit("Source", value.source, Empty::kOmitted);
  visit("Target", value.target);
  visit("ReadOnly", value.read_only, Empty::kOmitted);
  visit("Consistency", value.consistency, Empty::kOmitted);
  const bool of_bind = !value.propagation.empty() || value.non_recursive || value.create_mountpoint;
  visit.group("BindOptions", value, of_bind, [](auto& inner, auto& of) {
    inner("Propagation", of.propagation, Empty::kOmitted);
    inner("NonRecursive", of.non_recursive, Empty::kOmitted);
    inner("CreateMountpoint", of.create_mountpoint, Empty::kOmitted);
  });
  const bool of_driver = !value.driver.empty() || !value.driver_options.empty();
  visit.group("VolumeOptions", value, value.no_copy || !value.labels.empty() || of_driver,
              [&](auto& inner, auto& of) {
                inner("NoCopy", of.no_copy, Empty::kOmitted);
                inner("Labels", of.labels, Empty::kOmitted);
                inner.group("DriverConfig", of, of_driver, [](auto& innermost, auto& driver) {
                  innermost("Name", driver.driver, Empty::kOmitted);
                  innermost("Options", driver.driver_options, Empty::kOmitted);
                });
              });
  visit.group("TmpfsOptions", value, value.tmpfs_size != 0 || value.tmpfs_mode != 0,
              [](auto& inner, auto& of) {
                inner("SizeBytes", of.tmpfs_size, Empty::kOmitted);
                inner("Mode", of.tmpfs_mode, Empty::kOmitted);
              });
};

inline constexpr auto host_config = [](auto& visit, auto& value) {
  visit("Binds", value.binds);
  visit("ContainerIDFile", value.container_id_file);
  visit.group("LogConfig", value.log_config, true, log_config);
  visit("NetworkMode", value.network_mode);
  visit.lists("PortBindings", value.port_bindings, port_binding);
  visit.group("RestartPolicy", value.restart_policy, true, restart_policy);
  visit("AutoRemove", value.auto_remove);
  visit("VolumeDriver", value.volume_driver);
  visit("VolumesFrom", value.volumes_from);
  visit.console_size("ConsoleSize", value.console_size);
  visit("CapAdd", value.cap_add);
  visit("CapDrop", value.cap_drop);
  visit("CgroupnsMode", value.cgroupns_mode);
  visit("Dns", value.dns, Empty::kPlain);
  visit("DnsOptions", value.dns_options, Empty::kPlain);
  visit("DnsSearch", value.dns_search, Empty::kPlain);
  visit("ExtraHosts", value.extra_hosts);
  visit("GroupAdd", value.group_add);
  visit("IpcMode", value.ipc_mode);
  visit("Cgroup", value.cgroup);
  visit("Links", value.links);
  visit("OomScoreAdj", value.oom_score_adj);
  visit("PidMode", value.pid_mode);
  visit("Privileged", value.privileged);
  visit("PublishAllPorts", value.publish_all_ports);
  visit("ReadonlyRootfs", value.readonly_rootfs);
  visit("SecurityOpt", value.security_opt);
  visit("StorageOpt", value.storage_opt, Empty::kOmitted);
  visit("Tmpfs", value.tmpfs, Empty::kOmitted);
  visit("UTSMode", value.uts_mode);
  visit("UsernsMode", value.userns_mode);
  visit("ShmSize", value.shm_size);
  visit("Sysctls", value.sysctls, Empty::kOmitted);
  visit("Runtime", value.runtime, Empty::kOmitted);
  visit("Isolation", value.isolation);
  resources(visit, value.resources);
  visit.objects("Mounts", value.mounts, mount, Empty::kOmitted);
  visit("MaskedPaths", value.masked_paths);
  visit("ReadonlyPaths", value.readonly_paths);
  visit("Init", value.init, Empty::kOmitted);
  visit("Annotations", value.annotations, Empty::kOmitted);
};

inline constexpr auto endpoint_config = [](auto& visit, auto& value) {
  const bool addressed = !value.ipv4_address.empty() || !value.ipv6_address.empty();
  visit.group(
      "IPAMConfig", value, addressed,
      [](auto& inner, auto& of) {
        inner("IPv4Address", of.ipv4_address, Empty::kOmitted);
        inner("IPv6Address", of.ipv6_address, Empty::kOmitted);
      },
      Empty::kNull);
  visit("Links", value.links);
  visit("Aliases", value.aliases);
  visit("MacAddress", value.mac_address);
  visit("DriverOpts", value.driver_options, Empty::kNull);
};

}  // namespace plimsoll::model::fields
