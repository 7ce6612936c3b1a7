// containerd: the OCI bundle of each running task,
// /run/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json, with init.pid beside
// it. Kubernetes' CRI plugin and nerdctl say who the container is in annotations; the rest of what
// containerd knows is in its database, behind a gRPC socket that we do not speak.
#include "base/number.h"
#include "base/text.h"
#include "inventory/oci_spec.h"
#include "inventory/record.h"

namespace plimsoll::inventory {

namespace {

constexpr std::string_view kCri = "io.kubernetes.cri.";
constexpr std::string_view kNerdctl = "nerdctl/";
// Docker's own containers, which have a better record.
constexpr std::string_view kDockersNamespace = "moby";

struct Bundle {
  std::string directory;
  StateFile config;
};

std::string_view cri(const StringMap& annotations, std::string_view key) {
  return value_of(annotations, std::string(kCri) + std::string(key));
}

// The labels that the CRI plugin gives the container in containerd's database, from the annotations
// that hold the same values: queries and dashboards know the labels.
void read_cri(const StringMap& annotations, Identity& identity) {
  struct Source {
    std::string_view annotation;
    std::string_view label;
  };
  for (const Source& source : {Source{"sandbox-name", "io.kubernetes.pod.name"},
                               Source{"sandbox-namespace", "io.kubernetes.pod.namespace"},
                               Source{"sandbox-uid", "io.kubernetes.pod.uid"},
                               Source{"container-name", "io.kubernetes.container.name"},
                               Source{"container-type", "io.cri-containerd.kind"}})
    if (const std::string_view value = cri(annotations, source.annotation); !value.empty())
      identity.labels.emplace_back(source.label, value);
  sort_unique(identity.labels);
  identity.image = cri(annotations, "image-name");
  if (cri(annotations, "container-type") == "sandbox" && identity.log_path.empty())
    identity.log_path = cri(annotations, "sandbox-log-directory");
}

void read_nerdctl(const StringMap& annotations, Identity& identity) {
  for (const auto& [key, value] : annotations)
    if (!key.starts_with(kNerdctl)) identity.labels.emplace_back(key, value);
  if (const std::string_view mode = value_of(annotations, "nerdctl/networks"); mode == "[\"host\"]")
    identity.network = NetworkMode::kHost;
  else if (mode == "[\"none\"]")
    identity.network = NetworkMode::kNone;
}

void read_network(const DirFd& proc, const OciSpec& spec, Identity& identity) {
  identity.network = spec.network;
  if (spec.network == NetworkMode::kHost) return;
  const std::string_view sandbox = cri(spec.annotations, "sandbox-id");
  const auto pid = process_of_namespace(spec.network_path);
  if (!sandbox.empty() && sandbox != identity.id)
    identity.network_owner = sandbox;
  else if (pid)
    identity.network_owner = container_of_process(proc, *pid);
  if (!identity.network_owner.empty()) identity.network = NetworkMode::kContainer;
}

// The namespace is in the path of the cgroupfs driver only.
std::vector<std::string> namespaces(Sources& sources, const std::string& tasks) {
  auto names = sources.files.list(tasks);
  if (!names) return {};
  std::erase(*names, kDockersNamespace);
  return *std::move(names);
}

Result<Bundle> find_bundle(Sources& sources, const std::string& id) {
  const std::string tasks = sources.options.containerd_run + "/io.containerd.runtime.v2.task";
  std::optional<Error> refused;
  for (const std::string& name : namespaces(sources, tasks)) {
    Bundle bundle{tasks + "/" + name + "/" + id, {}};
    auto config = sources.files.read(bundle.directory + "/config.json");
    if (config) {
      bundle.config = *std::move(config);
      return bundle;
    }
    if (config.error().kind != ErrorKind::kNotOffered) refused = config.error();
  }
  if (refused) return Failure(*std::move(refused));
  return failure(ErrorKind::kNotOffered, "find", id);
}

}  // namespace

Result<Record> read_containerd(Sources& sources, const PathFacts& facts) {
  const Bundle bundle = PLIMSOLL_TRY(find_bundle(sources, facts.identity.id));
  const std::string config_path = bundle.directory + "/config.json";
  const OciSpec spec = PLIMSOLL_TRY(in(config_path, parse_oci_spec(bundle.config.text)));
  Record record;
  record.identity = facts.identity;
  Identity& identity = record.identity;
  if (needs_proof(facts) && !matches_cgroups_path(spec.cgroups_path, identity.cgroup))
    return failure(ErrorKind::kNotOffered, "verify", config_path + ": made for another cgroup");
  identity.runtime = Runtime::kContainerd;
  identity.name = identity.id;
  identity.runtime_root = sources.options.containerd_run;
  identity.environment =
      allowed_environment(spec.environment, sources.options.environment_prefixes);
  record.stamps.push_back({config_path, "", bundle.config.version});
  if (const auto pid = sources.files.read(bundle.directory + "/init.pid")) {
    identity.pid = to_number<std::int32_t>(trim(pid->text));
    if (keep_own_pid(sources.proc, identity) != Membership::kOutside)
      identity.started = pid->modified;
  } else {
    record.settled = false;  // Written after the container's cgroup was made.
  }
  if (identity.pid) identity.upper_dir = process_upper_dir(sources.proc, *identity.pid);
  if (!identity.upper_dir.empty()) identity.storage_driver = "overlayfs";
  read_network(sources.proc, spec, identity);
  if (cri(spec.annotations, "container-type").empty())
    read_nerdctl(spec.annotations, identity);
  else
    read_cri(spec.annotations, identity);
  read_labels(identity);
  identity.metadata = Metadata::kComplete;
  set_display(identity);
  const std::string_view given = value_of(spec.annotations, "nerdctl/name");
  if (!given.empty() && identity.pod_name.empty()) identity.display = given;
  return record;
}

}  // namespace plimsoll::inventory
