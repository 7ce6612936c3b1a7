#include "agent/containers/run_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

namespace plimsoll::agent {
namespace {

using Json = nlohmann::json;

template <class Number>
Result<Number> number_of(const char* flag, const std::string& text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end)
    return invalid_input(flag, "'" + text + "' is not a number");
  return value;
}

Json strings(const std::vector<std::string>& values) {
  return Json(values);
}

// "NAME=value" to an object; a name alone has the empty value.
Result<Json> pairs(const char* flag, const std::vector<std::string>& values) {
  Json object = Json::object();
  for (const std::string& text : values) {
    const std::size_t at = text.find('=');
    if (at == 0 || text.empty()) return invalid_input(flag, "'" + text + "': give NAME=VALUE");
    object[text.substr(0, at)] = at == std::string::npos ? "" : text.substr(at + 1);
  }
  return object;
}

Result<std::vector<std::string>> environment(const RunFlags& flags) {
  std::vector<std::string> env;
  const auto add = [&](const std::string& text) {
    if (text.find('=') != std::string::npos)
      env.push_back(text);
    else if (const char* value = std::getenv(text.c_str()); value != nullptr)
      env.push_back(text + "=" + value);
  };
  for (const std::string& path : flags.env_files) {
    std::ifstream file(path);
    if (!file) return os_failure("open", "--env-file " + path);
    for (std::string line; std::getline(file, line);)
      if (const std::size_t first = line.find_first_not_of(" \t");
          first != std::string::npos && line[first] != '#')
        add(line.substr(first));
  }
  for (const std::string& text : flags.env) add(text);
  return env;
}

Result<Json> restart_policy(const std::string& text) {
  const std::size_t at = text.find(':');
  Json policy{{"Name", text.substr(0, at)}};
  if (at != std::string::npos)
    policy["MaximumRetryCount"] = PLIMSOLL_TRY(number_of<int>("--restart", text.substr(at + 1)));
  return policy;
}

struct Range {
  unsigned first = 0;
  unsigned last = 0;
};
Result<Range> range_of(const std::string& text) {
  const std::size_t dash = text.find('-');
  Range range;
  range.first = PLIMSOLL_TRY(number_of<unsigned>("--publish", text.substr(0, dash)));
  range.last = dash == std::string::npos
                   ? range.first
                   : PLIMSOLL_TRY(number_of<unsigned>("--publish", text.substr(dash + 1)));
  if (range.first == 0 || range.last > 65535 || range.last < range.first)
    return invalid_input("--publish", "'" + text + "' is no port and no range of ports");
  return range;
}

Result<> publish(const std::string& text, Json& exposed, Json& bindings) {
  const PortFlag port = PLIMSOLL_TRY(parse_port(text));
  const Range inside = PLIMSOLL_TRY(range_of(port.container_port));
  const unsigned count = inside.last - inside.first + 1;
  std::optional<Range> outside;
  if (!port.host_port.empty()) outside = PLIMSOLL_TRY(range_of(port.host_port));
  const bool paired = outside && outside->last - outside->first + 1 == count;
  if (outside && !paired && count > 1)
    return invalid_input("--publish", "'" + text + "': both ranges must have as many ports");
  for (unsigned i = 0; i < count; ++i) {
    const std::string key = std::to_string(inside.first + i) + "/" + port.protocol;
    exposed[key] = Json::object();
    bindings[key].push_back(
        {{"HostIp", port.host_ip},
         {"HostPort", paired ? std::to_string(outside->first + i) : port.host_port}});
  }
  return {};
}

Result<Json> ulimits(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const std::string& text : values) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      return invalid_input("--ulimit", "'" + text + "': give NAME=SOFT[:HARD]");
    const std::string numbers = text.substr(equals + 1);
    const std::size_t colon = numbers.find(':');
    const auto soft = PLIMSOLL_TRY(number_of<std::int64_t>("--ulimit", numbers.substr(0, colon)));
    const auto hard =
        colon == std::string::npos
            ? soft
            : PLIMSOLL_TRY(number_of<std::int64_t>("--ulimit", numbers.substr(colon + 1)));
    list.push_back({{"Name", text.substr(0, equals)}, {"Soft", soft}, {"Hard", hard}});
  }
  return list;
}

Result<Json> devices(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const std::string& text : values) {
    std::vector<std::string> parts(1);
    for (const char c : text)
      if (c == ':')
        parts.emplace_back();
      else
        parts.back() += c;
    if (parts.size() > 3 || parts[0].empty())
      return invalid_input("--device", "'" + text + "': give HOST[:CONTAINER[:rwm]]");
    parts.resize(3);
    list.push_back({{"PathOnHost", parts[0]},
                    {"PathInContainer", parts[1].empty() ? parts[0] : parts[1]},
                    {"CgroupPermissions", parts[2].empty() ? "rwm" : parts[2]}});
  }
  return list;
}

Result<std::int64_t> nano_cpus(const std::string& text) {
  char* end = nullptr;
  const double cpus = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !(cpus > 0) || cpus > 1e6)
    return invalid_input("--cpus", "'" + text + "' is not a number of processors");
  return std::llround(cpus * 1e9);
}

Result<> put_limits(const RunFlags& flags, Json& host) {
  for (const auto& [flag, key, text] :
       {std::tuple{"--memory", "Memory", &flags.memory},
        {"--memory-swap", "MemorySwap", &flags.memory_swap},
        {"--memory-reservation", "MemoryReservation", &flags.memory_reservation},
        {"--shm-size", "ShmSize", &flags.shm_size}})
    if (!text->empty()) host[key] = *text == "-1" ? -1 : PLIMSOLL_TRY(size_of(flag, *text));
  if (!flags.cpus.empty()) host["NanoCpus"] = PLIMSOLL_TRY(nano_cpus(flags.cpus));
  for (const auto& [flag, key, text] : {std::tuple{"--cpu-shares", "CpuShares", &flags.cpu_shares},
                                        {"--pids-limit", "PidsLimit", &flags.pids_limit}})
    if (!text->empty()) host[key] = PLIMSOLL_TRY(number_of<std::int64_t>(flag, *text));
  if (!flags.cpuset_cpus.empty()) host["CpusetCpus"] = flags.cpuset_cpus;
  if (!flags.ulimits.empty()) host["Ulimits"] = PLIMSOLL_TRY(ulimits(flags.ulimits));
  return {};
}

// The engine may run elsewhere in the tree of files: a profile is sent, not its path.
Result<Json> security_options(const std::vector<std::string>& values) {
  constexpr std::string_view kSeccomp = "seccomp=";
  Json list = Json::array();
  for (const std::string& text : values) {
    const std::string path = text.starts_with(kSeccomp) ? text.substr(kSeccomp.size()) : "";
    if (path.empty() || path == "unconfined" || path == "builtin") {
      list.push_back(text);
      continue;
    }
    std::ifstream file(path);
    if (!file) return os_failure("open", "--security-opt seccomp=" + path);
    list.push_back(std::string(kSeccomp) + std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return list;
}

Result<> put_security(const RunFlags& flags, Json& host) {
  host["CapAdd"] = strings(flags.cap_add);
  host["CapDrop"] = strings(flags.cap_drop);
  host["SecurityOpt"] = PLIMSOLL_TRY(security_options(flags.security_opt));
  host["Privileged"] = flags.privileged;
  host["ReadonlyRootfs"] = flags.read_only;
  host["Devices"] = PLIMSOLL_TRY(devices(flags.devices));
  host["Sysctls"] = PLIMSOLL_TRY(pairs("--sysctl", flags.sysctls));
  return {};
}

// "/path" is a volume of its own, "a:b" a bind or a named volume.
void put_volumes(const RunFlags& flags, Json& config, Json& host) {
  Json binds = Json::array();
  for (const std::string& text : flags.volumes)
    if (text.find(':') == std::string::npos)
      config["Volumes"][text] = Json::object();
    else
      binds.push_back(text);
  host["Binds"] = std::move(binds);
  for (const std::string& text : flags.tmpfs) {
    const std::size_t at = text.find(':');
    host["Tmpfs"][text.substr(0, at)] = at == std::string::npos ? "" : text.substr(at + 1);
  }
}

Result<> put_network(const RunFlags& flags, Json& config, Json& host) {
  host["NetworkMode"] = flags.network.empty() ? "default" : flags.network;
  host["ExtraHosts"] = strings(flags.add_hosts);
  host["Dns"] = strings(flags.dns);
  host["PublishAllPorts"] = flags.publish_all;
  Json exposed = Json::object();
  Json bindings = Json::object();
  for (const std::string& text : flags.publish) PLIMSOLL_TRY(publish(text, exposed, bindings));
  config["ExposedPorts"] = std::move(exposed);
  host["PortBindings"] = std::move(bindings);
  if (flags.network_aliases.empty()) return {};
  if (flags.network.empty())
    return invalid_input("--network-alias",
                         "only a network of one's own has names: give --network");
  config["NetworkingConfig"]["EndpointsConfig"][flags.network]["Aliases"] =
      strings(flags.network_aliases);
  return {};
}

Result<> put_process(const RunFlags& flags, Json& config) {
  config["Image"] = flags.words.front();
  if (flags.words.size() > 1)
    config["Cmd"] = std::vector<std::string>(flags.words.begin() + 1, flags.words.end());
  if (flags.entrypoint)
    config["Entrypoint"] =
        flags.entrypoint->empty() ? Json::array({""}) : Json::array({*flags.entrypoint});
  config["Hostname"] = flags.hostname;
  config["User"] = flags.user;
  config["WorkingDir"] = flags.workdir;
  config["Tty"] = flags.tty;
  config["OpenStdin"] = flags.interactive;
  config["StdinOnce"] = flags.interactive && !flags.detach;
  config["AttachStdin"] = flags.interactive && !flags.detach;
  config["AttachStdout"] = !flags.detach;
  config["AttachStderr"] = !flags.detach;
  config["Env"] = PLIMSOLL_TRY(environment(flags));
  config["Labels"] = PLIMSOLL_TRY(pairs("--label", flags.labels));
  if (!flags.stop_signal.empty()) config["StopSignal"] = flags.stop_signal;
  if (!flags.stop_timeout.empty())
    config["StopTimeout"] = PLIMSOLL_TRY(number_of<int>("--stop-timeout", flags.stop_timeout));
  if (flags.no_healthcheck) config["Healthcheck"]["Test"] = Json::array({"NONE"});
  if (!flags.health_cmd.empty())
    config["Healthcheck"]["Test"] = Json::array({"CMD-SHELL", flags.health_cmd});
  return {};
}

}  // namespace

Result<std::int64_t> size_of(const char* flag, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string unit(end);
  std::ranges::transform(unit, unit.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  if (unit.ends_with("ib") && unit.size() == 3) unit.resize(1);
  if (unit.size() == 2 && unit.ends_with('b')) unit.resize(1);
  const std::size_t power = unit.empty() || unit == "b" ? 0 : std::string_view("bkmgtp").find(unit);
  const double bytes =
      number * static_cast<double>(std::int64_t{1} << (10 * std::min(power, std::size_t{5})));
  if (end == text.c_str() || unit.size() > 1 || power == std::string_view::npos || !(number >= 0) ||
      !(bytes < 9e18))
    return invalid_input(flag, "'" + text + "' is no size: give a number with b, k, m or g");
  return static_cast<std::int64_t>(bytes);
}

Result<PortFlag> parse_port(const std::string& text) {
  PortFlag port;
  std::string rest = text;
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    port.protocol = rest.substr(slash + 1);
    rest.resize(slash);
    if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp")
      return invalid_input("--publish", "'" + text + "': the protocol is tcp, udp or sctp");
  }
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find("]:");
    if (close == std::string::npos)
      return invalid_input("--publish",
                           "'" + text + "': after an address in [] comes :HOST:CONTAINER");
    port.host_ip = rest.substr(1, close - 1);
    rest.erase(0, close + 2);
  } else if (std::ranges::count(rest, ':') == 2) {
    port.host_ip = rest.substr(0, rest.find(':'));
    rest.erase(0, rest.find(':') + 1);
  }
  const std::size_t colon = rest.find(':');
  if (colon != std::string::npos) port.host_port = rest.substr(0, colon);
  port.container_port = colon == std::string::npos ? rest : rest.substr(colon + 1);
  PLIMSOLL_TRY(range_of(port.container_port));
  if (!port.host_port.empty()) PLIMSOLL_TRY(range_of(port.host_port));
  return port;
}

Result<std::string> run_request(const RunFlags& flags) {
  if (flags.words.empty()) return invalid_input("IMAGE", "say which image to run");
  if (flags.remove && !flags.restart.empty() && flags.restart != "no")
    return invalid_input("--rm", "what is removed when it ends cannot be restarted");
  Json config = Json::object();
  Json host = Json::object();
  PLIMSOLL_TRY(put_process(flags, config));
  PLIMSOLL_TRY(put_limits(flags, host));
  PLIMSOLL_TRY(put_security(flags, host));
  PLIMSOLL_TRY(put_network(flags, config, host));
  put_volumes(flags, config, host);
  host["AutoRemove"] = flags.remove;
  if (!flags.restart.empty()) host["RestartPolicy"] = PLIMSOLL_TRY(restart_policy(flags.restart));
  if (flags.init) host["Init"] = true;
  if (!flags.pid.empty()) host["PidMode"] = flags.pid;
  if (!flags.ipc.empty()) host["IpcMode"] = flags.ipc;
  if (!flags.log_driver.empty() || !flags.log_options.empty())
    host["LogConfig"] = {{"Type", flags.log_driver},
                         {"Config", PLIMSOLL_TRY(pairs("--log-opt", flags.log_options))}};
  config["HostConfig"] = std::move(host);
  return config.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace plimsoll::agent
