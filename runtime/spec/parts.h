// The parts of decode(), one file for each subject. Not for other rooms.
#pragma once

#include "base/error.h"
#include "runtime/spec/config.h"
#include "runtime/spec/node.h"

namespace plimsoll::spec {

[[nodiscard]] Result<Process> read_process(const Node& node);
[[nodiscard]] Result<Capabilities> read_capabilities(const Node& node);
[[nodiscard]] Result<Scheduler> read_scheduler(const Node& node);
[[nodiscard]] Result<Mount> read_mount(const Node& node);
[[nodiscard]] Result<Hooks> read_hooks(const Node& node);
[[nodiscard]] Result<Linux> read_linux(const Node& node);
[[nodiscard]] Result<std::vector<IdMapping>> read_id_mappings(const Node& node);
[[nodiscard]] Result<Device> read_device(const Node& node);
[[nodiscard]] Result<NetDevice> read_net_device(const Node& node);
[[nodiscard]] Result<IntelRdt> read_intel_rdt(const Node& node);
[[nodiscard]] Result<MemoryPolicy> read_memory_policy(const Node& node);
[[nodiscard]] Result<Seccomp> read_seccomp(const Node& node);
[[nodiscard]] Result<Resources> read_resources(const Node& node);
[[nodiscard]] Result<BlockIoResources> read_block_io(const Node& node);
[[nodiscard]] Result<DeviceRule> read_device_rule(const Node& node);

// "net.ipv4.ip_forward" or "net/ipv4/ip_forward" as a path below /proc/sys, if it is one.
[[nodiscard]] Result<std::string> sysctl_path(const Node& node, std::string_view name);
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_sysctl(
    const Node& node);

// What single fields cannot show: a value that is impossible beside another.
[[nodiscard]] Result<> check_together(const Node& root, const Config& config);

// A name the kernel takes for a network interface (dev_valid_name).
[[nodiscard]] bool is_interface_name(std::string_view name);

}  // namespace plimsoll::spec
