// What each endpoint answers.
#include <unistd.h>

#include <utility>

#include "base/read_file.h"
#include "exporter/cadvisor/api.h"
#include "exporter/cadvisor/api_call.h"
#include "exporter/cadvisor/container_json.h"
#include "exporter/cadvisor/machine_json.h"
#include "exporter/cadvisor/reference.h"
#include "exporter/cadvisor/validate.h"

namespace plimsoll::exporter {

namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// cAdvisor's words around an error of a lower layer.
template <class T>
Result<T> explained(std::string_view words, Result<T> result) {
  if (!result) result.error().subject.insert(0, words);
  return result;
}

Failure too_large() {
  return invalid_input("api",
                       "the answer would be larger than 256 MiB: ask for fewer containers or "
                       "points (num_stats, count)");
}

std::vector<Mount> host_mounts(const DirFd& proc) {
  // Process 1's mounts are the host's.
  const Result<std::string> text = read_file_at(proc, "1/mountinfo");
  if (!text) return {};
  return parse_mounts(*text).value_or(std::vector<Mount>());
}

std::span<const FilesystemUsage> host_filesystems(const Snapshot& snapshot) {
  const auto root = find_by_path(snapshot, "/");
  return root ? snapshot.filesystems.of(*root) : std::span<const FilesystemUsage>();
}

}  // namespace

Result<CadvisorApi::Call> CadvisorApi::Call::parse(ApiPath path, const http::Request& request,
                                                   ApiCompat compat) {
  Call call;
  if (*path.version >= ApiVersion::kV2_0) call.options = PLIMSOLL_TRY(parse_options(request.query));
  if (*path.endpoint == ApiEndpoint::kEvents)
    call.events = PLIMSOLL_TRY(parse_event_request(path.container(), request.query, compat));
  else if (*path.version < ApiVersion::kV2_0 && *path.endpoint != ApiEndpoint::kMachine)
    call.info = PLIMSOLL_TRY(parse_info_request(request.body));
  if (const std::string* label = request.parameter("label")) call.storage_label = *label;
  if (const std::string* uuid = request.parameter("uuid")) call.storage_uuid = *uuid;
  call.path = std::move(path);
  return call;
}

Result<std::string> CadvisorApi::body_of(const Call& call, const Snapshot& snapshot) const {
  switch (*call.path.endpoint) {
    case ApiEndpoint::kMachine:
    case ApiEndpoint::kAttributes:
      return machine(call, snapshot);
    case ApiEndpoint::kVersion:
      return quoted(config_.version);
    case ApiEndpoint::kStorage:
      return storage(call, snapshot);
    case ApiEndpoint::kPs:
      return explained("process listing failed: ", processes(call, snapshot));
    case ApiEndpoint::kSummary:
      return summary(call, snapshot);
    case ApiEndpoint::kContainers:
    case ApiEndpoint::kSubcontainers:
    case ApiEndpoint::kDocker:
      return body_v1(call, snapshot);
    default:
      return body_v2(call, snapshot);
  }
}

Result<std::string> CadvisorApi::body_v1(const Call& call, const Snapshot& snapshot) const {
  const ApiSource source{snapshot, loop_.history(), config_.view};
  const PointRange range{call.info.num_stats, call.info.start, call.info.end};
  const std::string name = call.path.container();
  std::string body;
  GoJson json(body);
  if (*call.path.endpoint == ApiEndpoint::kContainers) {
    const std::size_t row = PLIMSOLL_TRY(explained(
        "failed to get container " + quoted(name) + " with error: ", find_by_path(snapshot, name)));
    write_container_info(json, source, row, range);
    return body;
  }
  if (*call.path.endpoint == ApiEndpoint::kSubcontainers) {
    const std::vector<std::size_t> rows = subtree_of(snapshot, name);
    if (rows.empty())
      return failure(ErrorKind::kNotOffered, "api",
                     "failed to get subcontainers for container " + quoted(name) +
                         " with error: no containers found");
    json.begin_array();
    for (const std::size_t row : rows) {
      write_container_info(json, source, row, range);
      if (body.size() > kMaxBody) return too_large();
    }
    json.end_array();
    return body;
  }
  std::vector<std::size_t> rows;
  if (name == "/") {
    rows = all_of(snapshot, "docker");
  } else if (name.find('/', 1) != std::string::npos) {
    return invalid_input("api", "unknown request for Docker container " + quoted(name));
  } else {
    rows.push_back(PLIMSOLL_TRY(
        explained("failed to get Docker container " + quoted(name.substr(1)) + " with error: ",
                  find_by_alias(snapshot, name.substr(1), "docker"))));
  }
  json.begin_object();
  for (const std::size_t row : rows) {
    json.text_key(snapshot.rows[row].identity->cgroup);
    write_container_info(json, source, row, range);
    if (body.size() > kMaxBody) return too_large();
  }
  json.end_object();
  return body;
}

Result<std::string> CadvisorApi::body_v2(const Call& call, const Snapshot& snapshot) const {
  const ApiSource source{snapshot, loop_.history(), config_.view};
  const ApiEndpoint endpoint = *call.path.endpoint;
  const PointRange range{call.options.count, std::nullopt, std::nullopt};
  std::string body;
  GoJson json(body);
  if (endpoint == ApiEndpoint::kMachineStats) {
    const std::size_t root = PLIMSOLL_TRY(find_by_path(snapshot, "/"));
    write_machine_stats(json, source, points_of(snapshot, root, source.history, range), root);
    return body;
  }
  const std::string name = call.path.container();
  const std::vector<std::size_t> rows = PLIMSOLL_TRY(requested(snapshot, name, call.options));
  json.begin_object();
  if (endpoint == ApiEndpoint::kAppMetrics) {
    json.begin_keyed_object(name);
    json.end_object();
    json.end_object();
    return body;
  }
  const bool v2_1 = *call.path.version == ApiVersion::kV2_1;
  for (const std::size_t row : rows) {
    const std::string& path = snapshot.rows[row].identity->cgroup;
    // The root's are machine statistics in v2.1.
    if (endpoint == ApiEndpoint::kStats && v2_1 && path == "/") continue;
    json.text_key(path);
    if (endpoint == ApiEndpoint::kSpec) {
      write_spec(json, snapshot, row, config_.view, SpecShape::kV2);
      continue;
    }
    const std::vector<StatPoint> points = points_of(snapshot, row, source.history, range);
    if (v2_1)
      write_stats_v2_1(json, source, row, points);
    else
      write_stats_v2_0(json, source, row, points);
    if (body.size() > kMaxBody) return too_large();
  }
  json.end_object();
  return body;
}

Result<std::string> CadvisorApi::machine(const Call& call, const Snapshot& snapshot) const {
  const MachineInfo nothing;
  const MachineInfo& machine = snapshot.machine ? *snapshot.machine : nothing;
  const MachineFacts facts = sys_ ? read_machine_facts(loop_.proc(), *sys_) : MachineFacts();
  const Topology topology = sys_ ? read_topology(*sys_, machine.memory_bytes) : Topology();
  const MachineView view{machine, facts, topology, host_filesystems(snapshot), snapshot.wall};
  std::string body;
  GoJson json(body);
  if (*call.path.endpoint == ApiEndpoint::kAttributes)
    write_attributes(json, view, config_.version);
  else
    write_machine_info(json, view);
  return body;
}

Result<std::string> CadvisorApi::storage(const Call& call, const Snapshot& snapshot) const {
  const auto exists = [&](const std::string& directory) {
    return ::access((config_.host_root + directory).c_str(), F_OK) == 0;
  };
  const StorageLabels labels = storage_labels(host_mounts(loop_.proc()), config_.places, exists);
  const std::span<const FilesystemUsage> filesystems = host_filesystems(snapshot);
  std::string body;
  GoJson json(body);
  if (!call.storage_uuid.empty()) {
    const std::string device = PLIMSOLL_TRY(device_of_uuid(config_.host_root, call.storage_uuid));
    for (const FilesystemUsage& fs : filesystems) {
      if (fs.device != device) continue;
      write_fs_info(json, fs, snapshot.wall, labels);
      return body;
    }
    return failure(ErrorKind::kNotOffered, "api", "cadvisor: no such device");
  }
  const auto wanted = labels.find(call.storage_label);
  if (!call.storage_label.empty() && wanted == labels.end())
    return failure(ErrorKind::kNotOffered, "api",
                   "non-existent label " + quoted(call.storage_label));
  json.begin_array();
  for (const FilesystemUsage& fs : filesystems)
    if (wanted == labels.end() || fs.device == wanted->second)
      write_fs_info(json, fs, snapshot.wall, labels);
  json.end_array();
  return body;
}

Result<std::string> CadvisorApi::processes(const Call& call, const Snapshot& snapshot) const {
  ApiOptions options = call.options;
  options.recursive = false;  // One container's only.
  const std::vector<std::size_t> rows =
      PLIMSOLL_TRY(requested(snapshot, call.path.container(), options));
  const std::string& cgroup = snapshot.rows[rows.front()].identity->cgroup;
  ProcessTable table;
  table.now = clock_.wall();
  if (snapshot.machine) {
    table.boot_time_seconds = snapshot.machine->boot_time_seconds;
    table.memory_bytes = snapshot.machine->memory_bytes;
    table.page_size = snapshot.machine->page_size;
  }
  if (const long ticks = ::sysconf(_SC_CLK_TCK); ticks > 0)
    table.ticks_per_second = static_cast<std::uint64_t>(ticks);
  const Result<DirFd> root = open_dir((config_.host_root + "/").c_str());
  if (root)
    if (const Result<std::string> passwd = read_file_at(*root, "etc/passwd"))
      table.users = parse_passwd(*passwd);
  const std::vector<ProcessRow> processes =
      PLIMSOLL_TRY(list_processes(loop_.proc(), cgroup, table));
  const ProcessScope scope = cgroup == "/" ? ProcessScope::kHost : ProcessScope::kContainer;
  std::string body;
  GoJson json(body);
  json.begin_array();
  for (const ProcessRow& process : processes) write_process(json, process, scope);
  json.end_array();
  return body;
}

Result<std::string> CadvisorApi::summary(const Call& call, const Snapshot& snapshot) const {
  const std::vector<std::size_t> rows =
      PLIMSOLL_TRY(requested(snapshot, call.path.container(), call.options));
  std::string body;
  GoJson json(body);
  json.begin_object();
  for (const std::size_t row : rows) {
    json.text_key(snapshot.rows[row].identity->cgroup);
    write_derived_stats(json, summaries_.read(snapshot.rows[row].serial).value_or(DerivedUsage{}));
  }
  json.end_object();
  return body;
}

std::string CadvisorApi::report(const Snapshot& snapshot) const {
  const MachineFacts facts = sys_ ? read_machine_facts(loop_.proc(), *sys_) : MachineFacts();
  const SelfStats self = loop_.stats();
  return validation_report({snapshot, self, facts, host_mounts(loop_.proc()), config_.version});
}

}  // namespace plimsoll::exporter
