#include "runtime/docker/container_json.h"

#include "runtime/docker/container_text.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Empty;
using model::Writer;

std::string health_json(const engine::Health& health) {
  std::string out;
  Writer write(out);
  write("Status", health.status);
  write("FailingStreak", health.failing_streak);
  write.objects("Log", health.log, [](Writer& inner, const engine::HealthProbe& probe) {
    inner("Start", time_text(probe.start));
    inner("End", time_text(probe.end));
    inner("ExitCode", probe.exit_code);
    inner("Output", probe.output);
  });
  write.close();
  return out;
}

std::string state_json(const engine::State& state) {
  using engine::Status;
  std::string out;
  Writer write(out);
  write("Status", state_word(state.status));
  write("Running", state.running());
  write("Paused", state.status == Status::kPaused);
  write("Restarting", state.status == Status::kRestarting);
  write("OOMKilled", state.oom_killed);
  write("Dead", state.status == Status::kDead);
  write("Pid", state.pid);
  write("ExitCode", state.exit_code);
  write("Error", state.error);
  write("StartedAt", time_text(state.started));
  write("FinishedAt", time_text(state.finished));
  if (state.health) write.constant("Health", health_json(*state.health));
  write.close();
  return out;
}

// The settings of the default bridge stand a second time at the top, for clients that know no
// networks.
std::string network_settings_json(const engine::Container& container) {
  const net::Endpoint none;
  const net::Endpoint* bridge = &none;
  for (const net::Endpoint& endpoint : container.endpoints)
    if (endpoint.network_name == "bridge") bridge = &endpoint;
  std::string out;
  Writer write(out);
  write("Bridge", std::string());
  write("SandboxID", container.state.running() ? container.id : std::string());
  write.constant("HairpinMode", "false");
  write.constant("LinkLocalIPv6Address", "\"\"");
  write.constant("LinkLocalIPv6PrefixLen", "0");
  write.constant("Ports", port_map_json(container));
  write.constant("SandboxKey", "\"\"");
  write.constant("SecondaryIPAddresses", "null");
  write.constant("SecondaryIPv6Addresses", "null");
  write("EndpointID", bridge->endpoint_id);
  write("Gateway", bridge->gateway);
  write("GlobalIPv6Address", bridge->address6);
  write("GlobalIPv6PrefixLen", bridge->prefix6);
  write("IPAddress", bridge->address);
  write("IPPrefixLen", bridge->prefix);
  write("IPv6Gateway", bridge->gateway6);
  write("MacAddress", bridge->mac);
  write.constant("Networks", networks_json(container));
  write.close();
  return out;
}

std::string graph_driver_json(const image::RootInfo& root) {
  std::string out;
  Writer write(out);
  write("Data", root.data, Empty::kNull);
  write("Name", root.driver);
  write.close();
  return out;
}

}  // namespace

std::string inspect_json(const engine::Container& container, const InspectMore& more) {
  std::string out;
  Writer write(out);
  write("Id", container.id);
  write("Created", time_text(container.created));
  write("Path", container.path);
  write("Args", container.args, Empty::kPlain);
  write.constant("State", state_json(container.state));
  write("Image", container.image_id);
  write("ResolvConfPath", container.resolv_conf_path);
  write("HostnamePath", container.hostname_path);
  write("HostsPath", container.hosts_path);
  write("LogPath", container.log_path);
  write("Name", '/' + container.name);
  write("RestartCount", container.restart_count);
  write("Driver", more.root ? more.root->driver : std::string());
  write("Platform", more.platform);
  write.constant("MountLabel", "\"\"");
  write.constant("ProcessLabel", "\"\"");
  write.constant("AppArmorProfile", "\"\"");
  write("ExecIDs", container.exec_ids);
  write.constant("HostConfig", model::encode(container.definition.host));
  if (more.root) write.constant("GraphDriver", graph_driver_json(*more.root));
  if (more.sizes) {
    write("SizeRw", more.sizes->writable);
    write("SizeRootFs", more.sizes->root);
  }
  write.constant("Mounts", mounts_json(container));
  write.constant("Config", model::encode(container.definition.config));
  write.constant("NetworkSettings", network_settings_json(container));
  write.close();
  return out;
}

std::string exec_json(const engine::Exec& exec) {
  const engine::ExecDefinition& definition = exec.definition;
  std::string process;
  Writer inner(process);
  inner("tty", definition.tty);
  inner("entrypoint", definition.cmd.empty() ? std::string() : definition.cmd.front());
  inner("arguments",
        definition.cmd.empty()
            ? definition.cmd
            : std::vector<std::string>(definition.cmd.begin() + 1, definition.cmd.end()),
        Empty::kPlain);
  inner("privileged", definition.privileged);
  inner("user", definition.user, Empty::kOmitted);
  inner.close();
  std::string out;
  Writer write(out);
  write("ID", exec.id);
  write("Running", exec.running);
  write("ExitCode", exec.exit_code);
  write.constant("ProcessConfig", process);
  write("OpenStdin", definition.attach_stdin);
  write("OpenStderr", definition.attach_stderr);
  write("OpenStdout", definition.attach_stdout);
  write("CanRemove", exec.can_remove);
  write("ContainerID", exec.container_id);
  write("DetachKeys", definition.detach_keys);
  write("Pid", exec.pid);
  write.close();
  return out;
}

}  // namespace plimsoll::docker
