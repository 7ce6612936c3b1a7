// podman and CRI-O: containers-storage on disk plus the OCI bundle they keep for each container.
//
//   <root>/overlay-containers/containers.json             name, image, writable layer
//   <root>/overlay-containers/<id>/userdata/config.json   OCI spec: environment, annotations
//   <run>/overlay-containers/<id>/userdata/pidfile        init process; written at each start
//   <run>/overlay-containers/<id>/healthcheck.log         podman: {"Status":"healthy",…}
//
// CRI-O writes all it knows into annotations. podman keeps labels, restart count and pod only in
// its database (BoltDB, since 5 SQLite), so for these its socket is asked, once.
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "inventory/homes.h"
#include "inventory/inspect.h"
#include "inventory/json_value.h"
#include "inventory/oci_spec.h"
#include "inventory/record.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {

namespace {

enum class Owner : std::uint8_t { kRoot, kUser };

struct Storage {
  std::string root;
  std::string run;
  Owner owner = Owner::kRoot;
};

std::vector<Storage> storages(Sources& sources, const PathFacts& facts) {
  std::vector<Storage> found;
  const auto rootless = [&](std::uint32_t uid, const std::string& home) {
    found.push_back({home + "/.local/share/containers/storage",
                     sources.options.rootless_run + "/" + std::to_string(uid) + "/containers",
                     Owner::kUser});
  };
  const Storage rootful{sources.options.containers_storage, sources.options.containers_run};
  if (facts.uid.value_or(0) != 0) {
    if (const auto home = sources.homes.of(*facts.uid); home && !facts.nested)
      rootless(*facts.uid, *home);
    found.push_back(rootful);
    return found;
  }
  found.push_back(rootful);
  // Rootless with the cgroupfs driver may sit anywhere in the tree.
  if (facts.identity.runtime == Runtime::kPodman && !facts.nested)
    for (const User& user : sources.homes.all()) rootless(user.uid, user.home);
  return found;
}

void read_crio_annotations(const StringMap& annotations, Identity& identity) {
  const auto take = [&](std::string_view key, std::string& field) {
    if (const std::string_view value = value_of(annotations, key); !value.empty()) field = value;
  };
  take("io.kubernetes.cri-o.Name", identity.name);
  take("io.kubernetes.cri-o.ImageName", identity.image);
  take("io.kubernetes.cri-o.LogPath", identity.log_path);
  if (const auto labels = parse_json(value_of(annotations, "io.kubernetes.cri-o.Labels")))
    identity.labels = labels->string_map({});
  for (const std::string_view key : {"io.kubernetes.pod.name", "io.kubernetes.pod.namespace",
                                     "io.kubernetes.pod.uid", "io.kubernetes.container.name"})
    if (const std::string_view value = value_of(annotations, key); !value.empty())
      identity.labels.emplace_back(key, value);
  sort_unique(identity.labels);
}

// podman calls a pod's pause container "<first 12 digits of the pod's id>-infra"; only its database
// says so in so many words.
bool is_infra_name(std::string_view name) {
  return name.size() == 18 && name.ends_with("-infra") &&
         name.find_first_not_of("0123456789abcdef") == 12;
}

// The network namespace of another container is given as that container's process.
void read_network(const DirFd& proc, const OciSpec& spec, Identity& identity) {
  identity.network = spec.network;
  const auto pid = process_of_namespace(spec.network_path);
  const std::string sandbox(value_of(spec.annotations, "io.kubernetes.cri-o.SandboxID"));
  if (!sandbox.empty() && sandbox != identity.id && spec.network != NetworkMode::kHost)
    identity.network_owner = sandbox;
  else if (pid)
    identity.network_owner = container_of_process(proc, *pid);
  if (!identity.network_owner.empty() || pid) identity.network = NetworkMode::kContainer;
}

void read_spec(Sources& sources, const OciSpec& spec, Identity& identity) {
  const StringMap& annotations = spec.annotations;
  if (const auto created = parse_rfc3339(value_of(annotations, "io.kubernetes.cri-o.Created")))
    identity.created = created;
  identity.sandbox = value_of(annotations, "io.kubernetes.cri-o.ContainerType") == "sandbox" ||
                     is_infra_name(identity.name);
  identity.environment =
      allowed_environment(spec.environment, sources.options.environment_prefixes);
  if (identity.runtime == Runtime::kCrio) read_crio_annotations(annotations, identity);
  read_network(sources.proc, spec, identity);
}

// What lives as long as the container runs, in tmpfs.
void read_run_files(Sources& sources, const std::string& run, Record& record) {
  Identity& identity = record.identity;
  const std::string pid_path = run + "/userdata/pidfile";
  const auto pid = sources.files.read(pid_path);
  if (pid) {
    identity.pid = to_number<std::int32_t>(trim(pid->text));
    if (keep_own_pid(sources.proc, identity) != Membership::kOutside)
      identity.started = pid->modified;
  }
  // conmon writes it after the container's group was made; until then it is the last run's.
  record.settled = identity.started.has_value();
  record.stamps.push_back({pid_path, "", pid ? pid->version : 0});
  const std::string health_path = run + "/healthcheck.log";
  const auto health = sources.files.read(health_path);
  if (health)
    if (const auto json = parse_json(health->text)) read_health(&*json, identity);
  record.stamps.push_back({health_path, "", health ? health->version : 0});
}

Result<Record> read_from(Sources& sources, const PathFacts& facts, const Storage& storage,
                         const std::string& driver, const std::string& list) {
  const std::string& id = facts.identity.id;
  const std::string containers = "/" + driver + "-containers/";
  const StoredContainer stored = PLIMSOLL_TRY(sources.storage.find(list, id));
  Record record;
  record.identity = facts.identity;
  Identity& identity = record.identity;
  identity.name = stored.name;
  identity.image = stored.image_name;
  identity.image_id = stored.image_id;
  identity.created = parse_rfc3339(stored.created);
  identity.storage_driver = driver;
  identity.runtime_root = storage.root;
  if (is_file_name(stored.layer) && driver == "overlay")
    identity.upper_dir = storage.root + "/overlay/" + stored.layer + "/diff";
  record.stamps.push_back({list, id, sources.storage.version(list, id).value_or(0)});

  const std::string spec_path = storage.root + containers + id + "/userdata/config.json";
  const StateFile file = PLIMSOLL_TRY(sources.files.read(spec_path));
  const OciSpec spec = PLIMSOLL_TRY(in(spec_path, parse_oci_spec(file.text)));
  if (needs_proof(facts) && storage.owner == Owner::kRoot &&
      !matches_cgroups_path(spec.cgroups_path, identity.cgroup))
    return failure(ErrorKind::kNotOffered, "verify", spec_path + ": made for another cgroup");
  record.stamps.push_back({spec_path, "", file.version});
  read_spec(sources, spec, identity);
  read_run_files(sources, storage.run + containers + id, record);
  const std::string log = storage.root + containers + id + "/userdata/ctr.log";
  if (identity.log_path.empty() && sources.files.exists(log)) identity.log_path = log;
  read_labels(identity);
  identity.metadata = Metadata::kComplete;
  set_display(identity);
  record.incomplete = identity.runtime == Runtime::kPodman;
  return record;
}

}  // namespace

Result<Record> read_containers_storage(Sources& sources, const PathFacts& facts) {
  std::optional<Error> refused;
  for (const Storage& storage : storages(sources, facts)) {
    for (const std::string driver : {"overlay", "vfs", "btrfs"}) {
      const std::string directory = "/" + driver + "-containers/";
      const std::array<std::string, 3> lists{storage.root + directory + "containers.json",
                                             storage.root + directory + "volatile-containers.json",
                                             storage.run + directory + "volatile-containers.json"};
      for (const std::string& list : lists) {
        auto record = read_from(sources, facts, storage, driver, list);
        if (record) return record;
        // One user's closed home must not hide another's container.
        if (record.error().kind != ErrorKind::kNotOffered) refused = record.error();
      }
      // A storage has one driver; without its directory the next is tried.
      if (sources.files.exists(storage.root + "/" + driver + "-containers")) break;
    }
  }
  if (refused) return Failure(*std::move(refused));
  return failure(ErrorKind::kNotOffered, "find", facts.identity.id);
}

}  // namespace plimsoll::inventory
