#include "agent/engine/settings.h"

#include <algorithm>
#include <array>

namespace plimsoll::agent {
namespace {

std::string check_level(const std::string& value) {
  return log::level_named(value) ? "" : "give debug, info, warn or error";
}

std::string check_path(const std::string& value) {
  return value.starts_with('/') ? "" : "give a path that begins with '/'";
}

std::string check_path_or_none(const std::string& value) {
  return value.empty() ? "" : check_path(value);
}

std::string check_webhook(const std::string& value) {
  const auto target = control::parse_webhook_url(value);
  return target ? "" : target.error().subject;
}

std::string check_storage_driver(const std::string& value) {
  return value.empty() || value == "overlay2" || value == "vfs" ? "" : "give overlay2 or vfs";
}

bool differ(const SettingTarget& a, const SettingTarget& b) {
  return std::visit([&](auto* left) { return *left != *std::get<decltype(left)>(b); }, a);
}

}  // namespace

std::vector<Setting> settings_of(EngineSettings& settings) {
  using enum Setting::Taken;
  EngineConfig& config = settings.config;
  inventory::InventoryOptions& inventory = config.machine.inventory;
  return {
      {"socket", &config.socket, kAtStart, nullptr,
       "Where to listen (default RUN_DIR/plimsoll.sock)", "PATH"},
      {"state-dir", &config.state_dir, kAtStart, nullptr,
       "Journal and audit log; one engine at a time (default /var/lib/plimsoll)", "DIR"},
      {"run-dir", &config.run_dir, kAtStart, nullptr,
       "What does not outlive a boot (default /run/plimsoll)", "DIR"},
      {"policy-dir", &config.policy_dir, kAtStart, nullptr,
       "Policies, read again on SIGHUP (default /etc/plimsoll/policy.d)", "DIR"},
      {"control-group", &config.control_group, kAtReload, nullptr,
       "Whose members may change limits (default plimsoll); \"\": root alone", "NAME"},
      {"read-group", &config.read_group, kAtReload, nullptr,
       "Whose members may look at them (default plimsoll-read); \"\": nobody else", "NAME"},
      {"cgroup-root", &config.machine.cgroup_root, kAtStart, nullptr,
       "Where the host's cgroups are (default /sys/fs/cgroup)", "DIR"},
      {"proc-root", &config.machine.proc_root, kAtStart, nullptr, "Where the host's /proc is",
       "DIR"},
      {"sys-root", &config.machine.sys_root, kAtStart, nullptr, "Where the host's /sys is", "DIR"},
      {"host-root", &settings.host_root, kAtStart, nullptr,
       "Where the host's / is mounted (for runtimes' state files)", "DIR"},
      {"docker-root", &inventory.docker_root, kAtStart, nullptr, "Docker's data root", "DIR"},
      {"containers-storage", &inventory.containers_storage, kAtStart, nullptr,
       "podman's and CRI-O's storage", "DIR"},
      {"containerd-run", &inventory.containerd_run, kAtStart, nullptr,
       "containerd's state directory", "DIR"},
      {"events.webhook", &config.events.webhooks, kAtReload, check_webhook,
       "POST every event to this URL: http://HOST:PORT/PATH, https://..., unix:PATH:/PATH "
       "(repeatable)",
       "URL"},
      {"events.exec", &config.events.hooks, kAtReload, check_path,
       "Run this program for every event, with its JSON on standard input (repeatable)", "PATH"},
      {"events.journal", &config.events.journal, kAtReload, nullptr,
       "Write every event to systemd's journal", ""},
      {"containers", &config.containers.mode, kAtStart, check_containers_mode,
       "Whether containers are run, over Docker's API: auto (where it can be done), true, false",
       "WHEN"},
      {"containers.programs", &config.containers.programs, kAtStart, check_path_or_none,
       "Where plimsoll-shim and plimsoll-oci are (default: beside this program)", "DIR"},
      {"containers.cgroup-driver", &config.containers.cgroup_driver, kAtStart, check_cgroup_driver,
       "auto, cgroupfs or systemd (default auto: as the host has it)", "DRIVER"},
      {"containers.cgroup-parent", &config.containers.cgroup_parent, kAtStart, nullptr,
       "Where containers' groups are (default /plimsoll, with systemd plimsoll.slice)", "GROUP"},
      {"containers.storage-driver", &config.containers.storage_driver, kAtStart,
       check_storage_driver, "overlay2 or vfs (default: what works here)", "DRIVER"},
      {"containers.insecure-registry", &config.containers.insecure_registries, kAtStart,
       check_registry,
       "A registry whose certificate is not checked, and that may speak plain HTTP (repeatable); "
       "those on loopback always may",
       "HOST[:PORT]"},
      {"containers.registry-certificates", &config.containers.registry_certificates, kAtStart,
       check_path, "Where authorities of registries are: DIR/HOST[:PORT]/ca.crt", "DIR"},
      {"containers.bridge", &config.containers.bridge, kAtStart, nullptr,
       "The default network's interface (default plimsoll0)", "NAME"},
      {"containers.subnet", &config.containers.subnet, kAtStart, nullptr,
       "The default network's addresses (default: 172.27.0.0/16, or at the first start another "
       "where a route of this host leads there)",
       "CIDR"},
      {"containers.subnet6", &config.containers.subnet6, kAtStart, nullptr,
       "The same of IPv6 (default: none)", "CIDR"},
      {"kernel-log", &config.events.kernel_log, kAtStart, check_path_or_none,
       "Where the kernel's log is read for OOM kills (default /dev/kmsg); \"\": nowhere, counters "
       "serve alone",
       "PATH"},
      {"log.level", &settings.log_level, kAtReload, check_level,
       "debug, info, warn or error (default info)", "LEVEL"}};
}

std::optional<bool> switch_named(std::string_view word) {
  constexpr std::array kOn = {"true", "yes", "on"};
  constexpr std::array kOff = {"false", "no", "off"};
  if (std::ranges::find(kOn, word) != kOn.end()) return true;
  if (std::ranges::find(kOff, word) != kOff.end()) return false;
  return std::nullopt;
}

EngineConfig engine_config(const EngineSettings& settings) {
  EngineConfig config = settings.config;
  if (const auto level = log::level_named(settings.log_level)) config.log_level = *level;
  if (settings.host_root != "/") config.machine.inventory.host_root = settings.host_root;
  return config;
}

std::vector<std::string_view> need_restart(EngineSettings running, EngineSettings wanted) {
  const std::vector<Setting> before = settings_of(running);
  const std::vector<Setting> after = settings_of(wanted);
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].taken == Setting::Taken::kAtStart && differ(before[i].target, after[i].target))
      keys.push_back(before[i].key);
  return keys;
}

}  // namespace plimsoll::agent
