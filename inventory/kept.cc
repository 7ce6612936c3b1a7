#include "inventory/kept.h"

#include <utility>

#include "base/text.h"
#include "inventory/inspect.h"
#include "inventory/json_value.h"

namespace plimsoll::inventory {

namespace {

Result<Identity> read_config(const StateFile& file, const std::string& id,
                             const InventoryOptions& options) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(file.text));
  Identity identity;
  identity.runtime = Runtime::kDocker;
  identity.id = id;
  return read_inspect(json, std::move(identity), options.environment_prefixes);
}

Identity identity_of(const std::string& id, const StoredContainer& stored) {
  Identity identity;
  identity.runtime = Runtime::kPodman;
  identity.id = id;
  identity.name = stored.name;
  identity.display = stored.name.empty() ? id : stored.name;
  identity.image = stored.image_name;
  identity.image_id = stored.image_id;
  identity.created = parse_rfc3339(stored.created);
  return identity;
}

}  // namespace

KeptContainers::KeptContainers(const DirFd& proc, InventoryOptions options)
    : options_(std::move(options)),
      files_(options_.host_root),
      storage_(files_),
      homes_(options_.passwd, files_, proc) {}

std::vector<Identity> KeptContainers::list() {
  std::vector<Identity> found;
  denied_.clear();
  list_docker(found);
  list_storage(options_.containers_storage, found);
  for (const User& user : homes_.all())
    list_storage(user.home + "/.local/share/containers/storage", found);
  return found;
}

void KeptContainers::list_docker(std::vector<Identity>& found) {
  const std::string directory = options_.docker_root + "/containers";
  const auto ids = files_.list(directory);
  if (!ids) {
    if (ids.error().kind == ErrorKind::kDenied) denied_.push_back(directory);
    return;
  }
  std::map<std::string, Parsed> now;
  for (const std::string& id : *ids) {
    const std::string path = directory + "/" + id + "/config.v2.json";
    const auto version = files_.version(path);
    if (!version) continue;  // Being made or removed.
    auto known = docker_.extract(path);
    if (!known.empty() && known.mapped().version == *version) {
      found.push_back(known.mapped().identity);
      now.insert(std::move(known));
      continue;
    }
    const auto file = files_.read(path);
    if (!file) continue;
    auto identity = read_config(*file, id, options_);
    if (!identity || !identity->pod_name.empty()) continue;
    found.push_back(*identity);
    now.emplace(path, Parsed{file->version, *std::move(identity)});
  }
  docker_ = std::move(now);
}

void KeptContainers::list_storage(const std::string& root, std::vector<Identity>& found) {
  for (const std::string driver : {"overlay", "vfs", "btrfs"}) {
    const std::string directory = root + "/" + driver + "-containers";
    if (!files_.exists(directory)) continue;
    for (const char* list : {"/containers.json", "/volatile-containers.json"}) {
      const auto stored = storage_.all(directory + list);
      if (!stored && stored.error().kind == ErrorKind::kDenied) denied_.push_back(directory);
      if (!stored) continue;
      for (const auto& [id, container] : **stored)
        if (!container.in_pod) found.push_back(identity_of(id, container));
    }
    return;  // A storage has one driver.
  }
}

}  // namespace plimsoll::inventory
