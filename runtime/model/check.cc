#include "runtime/model/check.h"

#include <algorithm>
#include <array>

#include "base/capability.h"
#include "base/fill_in.h"
#include "base/number.h"

namespace plimsoll::model {

namespace {

constexpr std::chrono::nanoseconds kLeast = std::chrono::milliseconds(1);

Answer<> check_healthcheck(const Healthcheck& health) {
  const std::pair<const char*, std::chrono::nanoseconds> times[] = {
      {"Interval", health.interval},
      {"Timeout", health.timeout},
      {"StartPeriod", health.start_period},
      {"StartInterval", health.start_interval}};
  for (const auto& [name, time] : times)
    if (time.count() != 0 && time < kLeast)
      return refuse(Refused::kInvalid, fill_in("{} in Healthcheck cannot be less than 1ms", name));
  if (health.retries < 0)
    return refuse(Refused::kInvalid, "Retries in Healthcheck cannot be negative");
  constexpr std::array<std::string_view, 4> kKinds = {"", "NONE", "CMD", "CMD-SHELL"};
  if (!health.test.empty() && std::ranges::find(kKinds, health.test.front()) == kKinds.end())
    return refuse(Refused::kInvalid,
                  fill_in("Unknown healthcheck type '{}' (expected 'CMD')", health.test.front()));
  return {};
}

Answer<> check_capabilities(const char* member, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
    if (upper != "CAP_ALL" && !capability_named(upper))
      return refuse(Refused::kInvalid,
                    fill_in("invalid {}: unknown capability: \"{}\"", member, upper));
  }
  return {};
}

Answer<> check_ports(const Definition& definition) {
  for (const std::string& port : definition.config.exposed_ports)
    if (!is_port(port))
      return refuse(Refused::kInvalid, fill_in("invalid port specification: \"{}\"", port));
  for (const auto& [port, places] : definition.host.port_bindings) {
    if (!is_port(port))
      return refuse(Refused::kInvalid, fill_in("invalid port specification: \"{}\"", port));
    for (const PortBinding& place : places)
      if (!place.host_port.empty() && !is_port(place.host_port + "/tcp"))
        return refuse(Refused::kInvalid,
                      fill_in("invalid port specification: \"{}\"", place.host_port));
  }
  return {};
}

}  // namespace

bool is_port(std::string_view port) {
  const std::size_t slash = port.find('/');
  const std::string_view protocol =
      slash == std::string_view::npos ? "tcp" : port.substr(slash + 1);
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return false;
  const std::string_view range = port.substr(0, slash);
  const std::size_t dash = range.find('-');
  const auto first = to_number<std::uint16_t>(range.substr(0, dash));
  if (!first || dash == std::string_view::npos) return first.has_value();
  const auto last = to_number<std::uint16_t>(range.substr(dash + 1));
  return last && *first <= *last;
}

Answer<> check_config(const Config& config) {
  if (!config.working_dir.empty() && config.working_dir.front() != '/')
    return refuse(Refused::kInvalid,
                  fill_in("the working directory '{}' is invalid, it needs to be an absolute path",
                          config.working_dir));
  for (const std::string& variable : config.env)
    if (variable.empty() || variable.front() == '=')
      return refuse(Refused::kInvalid, fill_in("invalid environment variable: {}", variable));
  if (config.healthcheck) PLIMSOLL_TRY(check_healthcheck(*config.healthcheck));
  for (const std::string& path : config.volumes)
    if (path.empty() || path.front() != '/' || path == "/")
      return refuse(Refused::kInvalid, fill_in("invalid volume specification: '{}'", path));
  return {};
}

Answer<> check_restart(const RestartPolicy& policy) {
  const std::string& name = policy.name;
  const bool counts = name == "on-failure";
  if (name != "no" && name != "always" && name != "unless-stopped" && !counts)
    return refuse(Refused::kInvalid, fill_in("invalid restart policy: unknown policy '{}'; use one "
                                             "of 'no', 'always', 'on-failure', or "
                                             "'unless-stopped'",
                                             name));
  if (policy.maximum_retry_count < 0)
    return refuse(Refused::kInvalid,
                  "invalid restart policy: maximum retry count cannot be negative");
  if (!counts && policy.maximum_retry_count != 0)
    return refuse(Refused::kInvalid,
                  "invalid restart policy: maximum retry count can only be used "
                  "with 'on-failure'");
  return {};
}

Answer<std::vector<std::string>> check(const Definition& definition) {
  const HostConfig& host = definition.host;
  PLIMSOLL_TRY(check_config(definition.config));
  PLIMSOLL_TRY(check_ports(definition));
  PLIMSOLL_TRY(check_capabilities("CapAdd", host.cap_add));
  PLIMSOLL_TRY(check_capabilities("CapDrop", host.cap_drop));
  PLIMSOLL_TRY(check_restart(host.restart_policy));
  if (host.auto_remove && host.restart_policy.name != "no")
    return refuse(Refused::kInvalid, "can't create 'AutoRemove' container with restart policy");
  PLIMSOLL_TRY(check_modes(definition.config, host));
  PLIMSOLL_TRY(check_mounts(host));
  PLIMSOLL_TRY(check_resources(host.resources));
  // Here and not there: an update may name the swap alone, the limit stands already.
  if (host.resources.memory == 0 && host.resources.memory_swap > 0)
    return refuse(Refused::kInvalid,
                  "You should always set the Memory limit when using Memoryswap limit, see usage");
  std::vector<std::string> warnings;
  if (host.network_mode == "host" && !host.port_bindings.empty())
    warnings.emplace_back("Published ports are discarded when using host network mode");
  if (host.resources.oom_kill_disable.value_or(false) && host.resources.memory == 0)
    warnings.emplace_back(
        "OOM killer is disabled for the container, but no memory limit is set, this can result in "
        "the system running out of resources.");
  return warnings;
}

Answer<std::vector<std::string>> check(const UpdateRequest& request) {
  if (request.restart_policy) PLIMSOLL_TRY(check_restart(*request.restart_policy));
  PLIMSOLL_TRY(check_resources(request.resources));
  return std::vector<std::string>();
}

}  // namespace plimsoll::model
