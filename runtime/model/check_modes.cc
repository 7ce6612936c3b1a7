#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/fill_in.h"
#include "runtime/model/check.h"

namespace plimsoll::model {

namespace {

bool one_of(const std::string& mode, std::initializer_list<std::string_view> modes) {
  return std::ranges::find(modes, mode) != modes.end();
}

bool of_container(const std::string& mode) {
  return mode.starts_with("container:") && mode.size() > std::string_view("container:").size();
}

Answer<> check_namespaces(const HostConfig& host) {
  if (!one_of(host.ipc_mode, {"", "none", "private", "shareable", "host"}) &&
      !of_container(host.ipc_mode))
    return refuse(Refused::kInvalid, fill_in("invalid IPC mode: {}", host.ipc_mode));
  if (!one_of(host.pid_mode, {"", "host"}) && !of_container(host.pid_mode))
    return refuse(Refused::kInvalid, fill_in("invalid PID mode: {}", host.pid_mode));
  if (!one_of(host.uts_mode, {"", "host"}))
    return refuse(Refused::kInvalid, fill_in("invalid UTS mode: {}", host.uts_mode));
  if (!one_of(host.cgroupns_mode, {"", "private", "host"}))
    return refuse(Refused::kInvalid,
                  fill_in("invalid cgroup namespace mode: {}", host.cgroupns_mode));
  if (!one_of(host.userns_mode, {"", "host"}))
    return refuse(Refused::kInvalid, fill_in("invalid userns mode: {}", host.userns_mode));
  if (!one_of(host.isolation, {"", "default"}))
    return refuse(Refused::kInvalid, fill_in("invalid isolation \"{}\" on linux", host.isolation));
  if (host.network_mode.starts_with("container:") && !of_container(host.network_mode))
    return refuse(Refused::kInvalid,
                  "invalid container format container:<name|id>: Invalid network mode");
  return {};
}

Answer<> check_network(const Config& config, const HostConfig& host) {
  const bool joined = of_container(host.network_mode);
  if (joined && !config.hostname.empty())
    return refuse(Refused::kInvalid, "conflicting options: hostname and the network mode");
  if (host.uts_mode == "host" && !config.hostname.empty())
    return refuse(Refused::kInvalid, "conflicting options: hostname and the UTS mode");
  if (!host.links.empty() && (joined || host.network_mode == "host"))
    return refuse(Refused::kInvalid,
                  fill_in("conflicting options: {} can't be used with links. This would result in "
                          "undefined behavior",
                          joined ? "container type network" : "host type networking"));
  if (!joined) return {};
  if (!host.dns.empty())
    return refuse(Refused::kInvalid, "conflicting options: dns and the network mode");
  if (!host.extra_hosts.empty())
    return refuse(Refused::kInvalid,
                  "conflicting options: custom host-to-IP mapping and the network mode");
  if (!config.mac_address.empty())
    return refuse(Refused::kInvalid, "conflicting options: mac-address and the network mode");
  if (!host.port_bindings.empty() || host.publish_all_ports)
    return refuse(Refused::kInvalid,
                  "conflicting options: port publishing and the container type network mode");
  if (!config.exposed_ports.empty())
    return refuse(Refused::kInvalid,
                  "conflicting options: port exposing and the container type network mode");
  return {};
}

}  // namespace

Answer<> check_modes(const Config& config, const HostConfig& host) {
  PLIMSOLL_TRY(check_namespaces(host));
  PLIMSOLL_TRY(check_network(config, host));
  if (host.oom_score_adj < -1000 || host.oom_score_adj > 1000)
    return refuse(
        Refused::kInvalid,
        fill_in("Invalid value {}, range for oom score adj is [-1000, 1000]", host.oom_score_adj));
  if (host.shm_size < 0) return refuse(Refused::kInvalid, "SHM size can not be less than 0");
  if (!one_of(host.log_config.type, {"json-file", "none"}))
    return refuse(Refused::kInvalid,
                  fill_in("logger: no log driver named '{}' is registered", host.log_config.type));
  for (const std::string& entry : host.extra_hosts)
    if (const std::size_t colon = entry.find(':'); colon == 0 || colon == std::string::npos)
      return refuse(Refused::kInvalid, fill_in("bad format for add-host: \"{}\"", entry));
  return {};
}

}  // namespace plimsoll::model
