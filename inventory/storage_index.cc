#include "inventory/storage_index.h"

#include "inventory/json_value.h"

namespace plimsoll::inventory {

namespace {

// Room for 10 000 containers. A rootless user writes his own list, as often as he likes.
constexpr std::size_t kMaxListBytes = std::size_t{4} << 20;

}  // namespace

Result<StoredContainers> parse_stored_containers(std::string_view text) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(text));
  StoredContainers containers;
  for (const JsonValue& entry : json.items()) {
    StoredContainer container;
    if (const JsonValue* names = entry.find({"names"}); names && !names->items().empty())
      container.name = names->items().front().text({});
    container.image_id = entry.text({"image"});
    container.layer = entry.text({"layer"});
    container.created = entry.text({"created"});
    if (const auto metadata = parse_json(entry.text({"metadata"}))) {
      container.image_name = metadata->text({"image-name"});
      container.in_pod = !metadata->text({"pod-id"}).empty();
    }
    containers.insert_or_assign(std::string(entry.text({"id"})), std::move(container));
  }
  return containers;
}

Result<const StoredContainers*> StorageIndex::load(const std::string& path) {
  const std::uint64_t version = PLIMSOLL_TRY(files_.version(path));
  Parsed& parsed = parsed_[path];
  if (parsed.version != version) {
    const StateFile file = PLIMSOLL_TRY(files_.read(path, kMaxListBytes));
    parsed.containers = PLIMSOLL_TRY(in(path, parse_stored_containers(file.text)));
    parsed.version = file.version;
  }
  return &parsed.containers;
}

Result<StoredContainer> StorageIndex::find(const std::string& path, const std::string& id) {
  const StoredContainers* containers = PLIMSOLL_TRY(load(path));
  const auto at = containers->find(id);
  if (at == containers->end()) return failure(ErrorKind::kNotOffered, "find", path + ": " + id);
  return at->second;
}

Result<std::uint64_t> StorageIndex::version(const std::string& path, const std::string& id) {
  const StoredContainer entry = PLIMSOLL_TRY(find(path, id));
  std::uint64_t mixed = 0;
  for (const std::string* part : {&entry.name, &entry.image_id, &entry.layer, &entry.image_name})
    mixed = (mixed ^ std::hash<std::string>()(*part)) * 0x9e3779b97f4a7c15ULL;
  return mixed;
}

}  // namespace plimsoll::inventory
