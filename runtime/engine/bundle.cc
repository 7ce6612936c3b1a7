#include "runtime/engine/bundle.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/fill_in.h"
#include "runtime/engine/bundle_parts.h"
#include "runtime/engine/capabilities.h"
#include "runtime/engine/merge.h"
#include "runtime/spec/rlimit_names.h"

namespace plimsoll::engine {
namespace {

using model::Answer;

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const std::vector<std::string>& masked_paths() {
  static const std::vector<std::string> kPaths{"/proc/acpi",
                                               "/proc/asound",
                                               "/proc/interrupts",
                                               "/proc/kcore",
                                               "/proc/keys",
                                               "/proc/latency_stats",
                                               "/proc/sched_debug",
                                               "/proc/scsi",
                                               "/proc/timer_list",
                                               "/proc/timer_stats",
                                               "/sys/devices/virtual/powercap",
                                               "/sys/firmware"};
  return kPaths;
}
const std::vector<std::string>& readonly_paths() {
  static const std::vector<std::string> kPaths{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                               "/proc/sysrq-trigger"};
  return kPaths;
}

void put_user(JsonWriter& json, const Identity& user) {
  json.key("user").open('{').key("uid").number(user.uid).key("gid").number(user.gid);
  // Its own group stands among them, as in runc's containers.
  json.key("additionalGids").open('[').number(user.gid);
  for (const std::uint32_t gid : user.groups)
    if (gid != user.gid) json.number(gid);
  json.close(']').close('}');
}

void put_capabilities(JsonWriter& json, spec::CapabilitySet set) {
  const std::vector<std::string> names = names_of(set);
  json.key("capabilities").open('{');
  for (const char* key : {"bounding", "effective", "permitted"}) json.key(key).texts(names);
  json.close('}');
}

Answer<> put_rlimits(JsonWriter& json, const std::vector<model::Ulimit>& ulimits) {
  if (ulimits.empty()) return {};
  json.key("rlimits").open('[');
  for (const model::Ulimit& limit : ulimits) {
    std::string name = "RLIMIT_";
    for (const char c : limit.name)
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const auto value = [](std::int64_t number) {
      return number < 0 ? std::uint64_t{RLIM_INFINITY} : static_cast<std::uint64_t>(number);
    };
    json.open('{').key("type").text(name).key("hard").number(value(limit.hard));
    json.key("soft").number(value(limit.soft)).close('}');
  }
  json.close(']');
  return {};
}

void put_console(JsonWriter& json, bool terminal, const std::vector<int>& size) {
  json.key("terminal").flag(terminal);
  if (!terminal || size.size() != 2 || size[0] <= 0 || size[1] <= 0) return;
  json.key("consoleSize").open('{').key("height").number(size[0]);
  json.key("width").number(size[1]).close('}');
}

std::vector<std::string> arguments_of(const Container& container, const std::string& init) {
  std::vector<std::string> args;
  if (!init.empty()) args = {"/sbin/docker-init", "--"};
  args.push_back(container.path);
  args.insert(args.end(), container.args.begin(), container.args.end());
  return args;
}

Answer<> put_process(JsonWriter& json, const Container& container, const BundleFacts& facts,
                     const Security& security, spec::CapabilitySet capabilities) {
  const model::Config& config = container.definition.config;
  const model::HostConfig& host = container.definition.host;
  json.key("process").open('{');
  put_console(json, config.tty, host.console_size);
  put_user(json, facts.user);
  json.key("args").texts(arguments_of(container, facts.init));
  json.key("env").texts(environment_of(container, facts.link_variables));
  json.key("cwd").text(config.working_dir.empty() ? "/" : config.working_dir);
  put_capabilities(json, capabilities);
  PLIMSOLL_TRY(put_rlimits(json, host.resources.ulimits));
  if (security.no_new_privileges) json.key("noNewPrivileges").flag(true);
  json.key("oomScoreAdj").number(host.oom_score_adj);
  json.close('}');
  return {};
}

void put_namespaces(JsonWriter& json, const model::HostConfig& host, const BundleFacts& facts) {
  json.key("namespaces").open('[');
  json.open('{').key("type").text("mount").close('}');
  const auto put = [&](const char* type, const std::string& path) {
    if (path == "host") return;
    json.open('{').key("type").text(type);
    if (!path.empty()) json.key("path").text(path);
    json.close('}');
  };
  put("network", facts.network);
  put("uts", facts.uts);
  put("pid", facts.pid);
  put("ipc", facts.ipc);
  const bool is_private = host.cgroupns_mode.empty()
                              ? facts.cgroup_version == CgroupVersion::kV2 && !host.privileged
                              : host.cgroupns_mode == "private";
  put("cgroup", is_private ? "" : "host");
  json.close(']');
}

void put_sysctls(JsonWriter& json, const model::HostConfig& host, const BundleFacts& facts) {
  std::map<std::string, std::string> sysctls;
  if (facts.network != "host") {
    // Ports and ping for everybody inside: the namespace is the container's alone.
    sysctls["net.ipv4.ip_unprivileged_port_start"] = "0";
    sysctls["net.ipv4.ping_group_range"] = "0 2147483647";
  }
  for (const auto& [key, value] : host.sysctls) sysctls[key] = value;
  if (sysctls.empty()) return;
  json.key("sysctl").open('{');
  for (const auto& [key, value] : sysctls) json.key(key).text(value);
  json.close('}');
}

// A mount that passes others on, or takes them from the host, needs a root that does.
const char* root_propagation(const std::vector<Place>& places) {
  const auto has = [&](const char* one, const char* other) {
    return std::ranges::any_of(places, [&](const Place& place) {
      return place.point.propagation == one || place.point.propagation == other;
    });
  };
  if (has("shared", "rshared")) return "shared";
  return has("slave", "rslave") ? "slave" : nullptr;
}

Answer<> put_linux(JsonWriter& json, const Container& container, const BundleFacts& facts,
                   const Security& security, spec::CapabilitySet capabilities) {
  const model::HostConfig& host = container.definition.host;
  spec::Resources resources = PLIMSOLL_TRY(resources_of(host.resources, facts.cgroup_version));
  Devices devices = PLIMSOLL_TRY(devices_of(host));
  resources.devices = std::move(devices.rules);
  json.key("linux").open('{');
  json.key("resources").raw(to_json(resources));
  json.key("cgroupsPath").text(facts.cgroups_path);
  put_namespaces(json, host, facts);
  json.key("devices").raw(devices.nodes);
  put_sysctls(json, host, facts);
  if (const char* propagation = root_propagation(facts.places))
    json.key("rootfsPropagation").text(propagation);
  const bool bare = host.privileged || security.all_paths;
  if (host.masked_paths)
    json.key("maskedPaths").texts(*host.masked_paths);
  else if (!bare)
    json.key("maskedPaths").texts(masked_paths());
  if (host.readonly_paths)
    json.key("readonlyPaths").texts(*host.readonly_paths);
  else if (!bare)
    json.key("readonlyPaths").texts(readonly_paths());
  if (!security.profile.empty())
    json.key("seccomp").raw(PLIMSOLL_TRY(custom_seccomp_json(security.profile, capabilities)));
  else if (!security.unconfined && !host.privileged)
    json.key("seccomp").raw(default_seccomp_json(capabilities));
  json.close('}');
  return {};
}

}  // namespace

Answer<spec::CapabilitySet> capabilities_of(const Container& container) {
  const model::HostConfig& host = container.definition.host;
  const CapabilityRequest request{host.privileged, host.cap_add, host.cap_drop};
  return capabilities_of(request, own_bounding_set());
}

std::vector<std::string> environment_of(const Container& container,
                                        const std::vector<std::string>& links) {
  const model::Config& config = container.definition.config;
  std::vector<std::string> env{kPath, "HOSTNAME=" + config.hostname};
  if (config.tty) env.emplace_back("TERM=xterm");
  env.insert(env.end(), links.begin(), links.end());
  for (const std::string& variable : config.env) set_variable(env, variable);
  return env;
}

Answer<std::string> make_bundle(const Container& container, const BundleFacts& facts) {
  const model::Definition& definition = container.definition;
  const Security security = PLIMSOLL_TRY(security_of(definition.host));
  const spec::CapabilitySet capabilities = PLIMSOLL_TRY(capabilities_of(container));
  JsonWriter json;
  json.open('{').key("ociVersion").text("1.2.0");
  PLIMSOLL_TRY(put_process(json, container, facts, security, capabilities));
  json.key("root").open('{').key("path").text(facts.rootfs);
  if (definition.host.readonly_rootfs) json.key("readonly").flag(true);
  json.close('}');
  if (facts.uts != "host") {
    json.key("hostname").text(definition.config.hostname);
    if (!definition.config.domainname.empty())
      json.key("domainname").text(definition.config.domainname);
  }
  put_mounts(json, container, facts);
  PLIMSOLL_TRY(put_linux(json, container, facts, security, capabilities));
  if (!definition.host.annotations.empty()) {
    json.key("annotations").open('{');
    for (const auto& [key, value] : definition.host.annotations) json.key(key).text(value);
    json.close('}');
  }
  return json.close('}').out();
}

Answer<std::string> make_exec_process(const Container& container, const ExecProcess& process) {
  const Security security = PLIMSOLL_TRY(security_of(container.definition.host));
  const spec::CapabilitySet capabilities =
      process.privileged ? own_bounding_set() : PLIMSOLL_TRY(capabilities_of(container));
  JsonWriter json;
  json.open('{');
  put_console(json, process.terminal, process.console_size);
  put_user(json, process.user);
  json.key("args").texts(process.args).key("env").texts(process.env);
  json.key("cwd").text(process.cwd);
  put_capabilities(json, capabilities);
  PLIMSOLL_TRY(put_rlimits(json, container.definition.host.resources.ulimits));
  if (security.no_new_privileges && !process.privileged) json.key("noNewPrivileges").flag(true);
  json.key("oomScoreAdj").number(container.definition.host.oom_score_adj);
  return json.close('}').out();
}

}  // namespace plimsoll::engine
