// Docker: <data-root>/containers/<id>/config.v2.json, which dockerd replaces (rename over) on every
// change of the container: create, start, health probe, rename, exit. It is 0600 in a 0710
// directory, so this needs root or CAP_DAC_READ_SEARCH; without it the socket is asked.
#include "base/text.h"
#include "inventory/homes.h"
#include "inventory/inspect.h"
#include "inventory/json_value.h"
#include "inventory/record.h"

namespace plimsoll::inventory {

namespace {

// The layer's name is in another tree: image/<driver>/layerdb/mounts/<id>/mount-id.
std::string upper_dir(Sources& sources, const std::string& root, const Identity& identity) {
  const std::string& driver = identity.storage_driver;
  const auto mount = sources.files.read(root + "/image/" + driver + "/layerdb/mounts/" +
                                        identity.id + "/mount-id");
  const std::string layer = mount ? std::string(trim(mount->text)) : std::string();
  if (is_file_name(layer)) {
    if (driver == "overlay2" || driver == "fuse-overlayfs")
      return root + "/" + driver + "/" + layer + "/diff";
    if (driver == "vfs") return root + "/vfs/dir/" + layer;
    if (driver == "btrfs") return root + "/btrfs/subvolumes/" + layer;
  }
  // The containerd image store (Docker 29's default) names its snapshots in a database only; the
  // kernel knows what is mounted.
  return identity.pid ? process_upper_dir(sources.proc, *identity.pid) : std::string();
}

// Who owns the record may vouch for a group, or must prove it.
enum class Owner : std::uint8_t { kRoot, kUser };

Result<Record> read_from(Sources& sources, const PathFacts& facts, const std::string& root,
                         Owner owner) {
  const std::string directory = root + "/containers/" + facts.identity.id;
  const std::string path = directory + "/config.v2.json";
  const StateFile file = PLIMSOLL_TRY(sources.files.read(path));
  const JsonValue json = PLIMSOLL_TRY(in(path, parse_json(file.text)));
  Record record;
  record.identity = facts.identity;
  record.identity.runtime = Runtime::kDocker;
  record.identity.name.clear();  // A guess of containerd would have left its id.
  record.identity = PLIMSOLL_TRY(in(
      path, read_inspect(json, std::move(record.identity), sources.options.environment_prefixes)));
  record.stamps.push_back({path, "", file.version});
  Identity& identity = record.identity;
  identity.runtime_root = root;
  // dockerd writes the file again after the start: until then it shows the run before, or none.
  const bool had_pid = identity.pid.has_value();
  const Membership found = keep_own_pid(sources.proc, identity);
  if (needs_proof(facts) && owner == Owner::kRoot && found != Membership::kInside)
    return failure(ErrorKind::kNotOffered, "verify", path + ": its process is elsewhere");
  record.settled = says_running(json) && (identity.pid.has_value() || !had_pid);
  if (const auto host = sources.files.read(directory + "/hostconfig.json"))
    if (const auto host_json = parse_json(host->text))
      read_network_mode(host_json->text({"NetworkMode"}), identity);
  identity.upper_dir = upper_dir(sources, root, identity);
  return record;
}

}  // namespace

Membership keep_own_pid(const DirFd& proc, Identity& identity) {
  if (!identity.pid) return Membership::kUnknown;
  const auto found = process_membership(proc, *identity.pid, identity.cgroup);
  if (found && *found != Membership::kOutside) return *found;
  identity.pid.reset();
  return Membership::kOutside;
}

Result<Record> read_docker(Sources& sources, const PathFacts& facts) {
  if (facts.uid.value_or(0) != 0 && !facts.nested) {
    if (const auto home = sources.homes.of(*facts.uid)) {
      auto rootless = read_from(sources, facts, *home + "/.local/share/docker", Owner::kUser);
      if (rootless || rootless.error().kind != ErrorKind::kNotOffered) return rootless;
    }
  }
  return read_from(sources, facts, sources.options.docker_root, Owner::kRoot);
}

}  // namespace plimsoll::inventory
