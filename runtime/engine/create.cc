// From a definition to a container that can be started.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/open_in_root.h"
#include "runtime/engine/bundle_parts.h"
#include "runtime/engine/copy_tree.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/files.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"
#include "runtime/image/passing.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

std::string host_name() {
  char name[256]{};
  if (::gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

Answer<> check_policy(const model::HostConfig& host) {
  const model::RestartPolicy& policy = host.restart_policy;
  if (host.auto_remove && !policy.name.empty() && policy.name != "no")
    return refuse(Refused::kInvalid, "can't create 'AutoRemove' container with restart policy");
  if (host.log_config.type != "json-file" && host.log_config.type != "none" &&
      !host.log_config.type.empty())
    return refuse(Refused::kInvalid,
                  fill_in("logger: no log driver named '{}' is registered", host.log_config.type));
  return {};
}

}  // namespace

// What the definition leaves to us, written into it, so that it reads the same for ever.
void EngineImpl::normalise(Entry& entry) const {
  Container& container = entry.stored.container;
  model::Config& config = container.definition.config;
  model::HostConfig& host = container.definition.host;
  if (host.network_mode.empty() || host.network_mode == "default") host.network_mode = "bridge";
  if (config.network_disabled) host.network_mode = "none";
  const std::string other = other_of(host.network_mode);
  if (!other.empty()) {
    // By id: names change.
    if (const auto found = find(other)) host.network_mode = "container:" + (*found)->id;
  }
  for (std::string* mode : {&host.ipc_mode, &host.pid_mode}) {
    const std::string name = other_of(*mode);
    if (name.empty()) continue;
    if (const auto found = find(name)) *mode = "container:" + (*found)->id;
  }
  if (host.ipc_mode.empty()) host.ipc_mode = "private";
  if (config.hostname.empty())
    config.hostname =
        host.network_mode == "host" || host.uts_mode == "host" ? host_name() : short_id(entry.id);
  if (host.shm_size == 0) host.shm_size = std::int64_t{64} << 20;
  if (host.log_config.type.empty()) host.log_config.type = "json-file";
  if (host.restart_policy.name.empty()) host.restart_policy.name = "no";
  if (host.cgroupns_mode.empty())
    host.cgroupns_mode =
        cgroup_version_ == CgroupVersion::kV2 && !host.privileged ? "private" : "host";
  auto& networks = container.definition.networks;
  if (auto node = networks.extract("default")) {
    node.key() = "bridge";
    networks.insert(std::move(node));
  }
  const bool is_bridged =
      host.network_mode != "host" && host.network_mode != "none" && other.empty();
  if (is_bridged && !networks.contains(host.network_mode)) networks[host.network_mode];
  if (other_of(host.network_mode).empty() && !is_bridged) networks[host.network_mode];
  const Program program = program_of(config);
  container.path = program.path;
  container.args = program.args;
  const std::string directory = state_dir_of(entry.id);
  container.hostname_path = directory + "/hostname";
  container.hosts_path = directory + "/hosts";
  container.resolv_conf_path = directory + "/resolv.conf";
  if (host.log_config.type == "json-file")
    container.log_path = directory + "/" + entry.id + "-json.log";
  const auto& health = config.healthcheck;
  if (health && !health->test.empty() && health->test.front() != "NONE")
    container.state.health = Health{.status = "starting", .failing_streak = 0, .log = {}};
}

Answer<Created> EngineImpl::create(const std::string& name, model::Definition definition) {
  Created created;
  created.warnings = PLIMSOLL_TRY(model::check(definition));
  PLIMSOLL_TRY(check_policy(definition.host));
  PLIMSOLL_TRY(security_of(definition.host));
  const image::Image image = PLIMSOLL_TRY(images_->find(definition.config.image));
  definition.config = PLIMSOLL_TRY(merge(std::move(definition.config), image.config));
  auto entry = std::make_shared<Entry>(make_id());
  created.id = entry->id;
  Container& container = entry->stored.container;
  container.id = entry->id;
  container.created = RealClock().wall();
  container.image_id = image.id;
  container.definition = std::move(definition);
  PLIMSOLL_TRY(capabilities_of(container));
  const Lock held(entry->change);
  {
    std::string wanted;
    if (!name.empty()) wanted = PLIMSOLL_TRY(check_name(name));
    const std::lock_guard lock(table_);
    if (wanted.empty()) {
      do {
        wanted = make_up_name();
        // All names of that kind may be taken.
        if (names_.contains(wanted)) wanted += "_" + make_id().substr(0, 4);
      } while (names_.contains(wanted));
    } else if (const auto taken = names_.find(wanted); taken != names_.end()) {
      return refuse(Refused::kConflict,
                    fill_in("Conflict. The container name \"/{}\" is already in use by container "
                            "\"{}\". You have to remove (or rename) that container to be able to "
                            "reuse that name.",
                            wanted, taken->second));
    }
    container.name = wanted;
    names_[wanted] = entry->id;
    entries_[entry->id] = entry;
  }
  if (auto made = make(*entry); !made) {
    entry->gone = true;
    const std::lock_guard lock(table_);
    names_.erase(container.name);
    entries_.erase(entry->id);
    return std::unexpected(std::move(made).error());
  }
  publish(*entry);
  tell_about(container, "create");
  return created;
}

Answer<> EngineImpl::make(Entry& entry) {
  normalise(entry);
  Stored& stored = entry.stored;
  const model::Definition& definition = stored.container.definition;
  stored.places = PLIMSOLL_TRY(
      collect_places(definition, [this](const std::string& other) -> Answer<std::vector<Place>> {
        const EntryPtr found = PLIMSOLL_TRY(entry_of(other));
        const Lock theirs(found->change);
        return found->stored.places;
      }));
  Rollback undo;
  // Anonymous volumes stay on the disk: so must what says whose they are.
  entry.passing =
      definition.host.auto_remove && std::ranges::none_of(stored.places, &Place::anonymous);
  PLIMSOLL_TRY(make_directories(state_dir_of(entry.id), 0710));
  undo.on_failure([&] { std::ignore = remove_tree(state_dir_of(entry.id)); });
  if (entry.passing) {
    PLIMSOLL_TRY(make_directories(passing_dir_of(entry.id), 0700));
    undo.on_failure([&] { std::ignore = remove_tree(passing_dir_of(entry.id)); });
  }
  PLIMSOLL_TRY(save_config(entry, false));
  undo.on_failure([&] { std::ignore = images_->remove_root(entry.id); });
  PLIMSOLL_TRY(images_->make_root(entry.id, stored.container.image_id));
  // What it writes goes with it at its end, or after a power cut.
  if (definition.host.auto_remove) PLIMSOLL_TRY(image::mark_passing(*images_, entry.id));
  undo.on_failure([&] {
    for (const Place& place : stored.places)
      if (place.anonymous && !place.point.name.empty())
        std::ignore = volumes_->remove(place.point.name);
  });
  PLIMSOLL_TRY(make_volumes(entry));
  stored.phase = Stored::Phase::kMade;
  PLIMSOLL_TRY(save_config(entry, true));
  save_state(entry);
  undo.commit();
  return {};
}

Answer<> EngineImpl::make_volumes(Entry& entry) {
  bool has_volumes = false;
  for (Place& place : entry.stored.places) {
    if (place.point.type != "volume") continue;
    if (!place.point.source.empty()) {
      // Of another container.
      has_volumes = true;
      continue;
    }
    Volume wanted = place.wanted;
    wanted.name = place.point.name;
    if (wanted.name.empty()) {
      // Its name is written down before it is there.
      place.point.name = wanted.name = make_id();
      wanted.anonymous = true;
      wanted.labels.try_emplace("com.docker.volume.anonymous", "");
      PLIMSOLL_TRY(save_config(entry, false));
    }
    const Volumes::Made made = PLIMSOLL_TRY(volumes_->create(wanted));
    place.point.source = made.volume.mountpoint;
    place.point.driver = made.volume.driver;
    has_volumes = true;
    if (made.is_new) {
      Event event;
      event.type = "volume";
      event.action = "create";
      event.id = made.volume.name;
      event.attributes["driver"] = "local";
      events_->tell(std::move(event));
    }
  }
  return has_volumes ? copy_up(entry) : Answer<>();
}

// A volume that is empty begins with what the image has in its place.
Answer<> EngineImpl::copy_up(Entry& entry) {
  const std::string root = PLIMSOLL_TRY(images_->mount_root(entry.id));
  auto copied = [&]() -> Result<> {
    const DirFd tree = PLIMSOLL_TRY(open_dir(root.c_str()));
    for (const Place& place : entry.stored.places) {
      if (place.point.type != "volume" || place.no_copy) continue;
      const auto from =
          open_in_root(tree, place.point.destination, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
      if (!from) continue;  // The image has none.
      PLIMSOLL_TRY(volumes_->hold(place.point.name, entry.id));
      const Fd to(::open(place.point.source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!to) return os_failure("open", place.point.source);
      const bool empty = PLIMSOLL_TRY(is_empty_directory(to));
      const Result<> done = empty ? copy_tree(*from, to) : Result<>();
      volumes_->release(place.point.name, entry.id);
      PLIMSOLL_TRY(in("volume " + place.point.name, done));
    }
    return {};
  }();
  PLIMSOLL_TRY(images_->unmount_root(entry.id));
  PLIMSOLL_TRY(copied);
  return {};
}

std::vector<Volume> EngineImpl::volumes() const {
  return volumes_->list();
}

Answer<Volume> EngineImpl::find_volume(std::string_view name) const {
  return volumes_->find(name);
}

Answer<Volume> EngineImpl::create_volume(Volume asked) {
  Volumes::Made made = PLIMSOLL_TRY(volumes_->create(std::move(asked)));
  if (made.is_new)
    events_->tell({"volume", "create", made.volume.name, {{"driver", "local"}}, WallTime{}});
  return std::move(made.volume);
}

Answer<> EngineImpl::remove_volume(std::string_view name, bool force) {
  const std::string key(name);
  const auto found = volumes_->find(name);
  if (!found) return force ? Answer<>() : Answer<>(std::unexpected(found.error()));
  const std::vector<std::string> users = users_of_volume(name);
  if (!users.empty()) {
    std::string ids;
    for (const std::string& id : users) ids += (ids.empty() ? "" : ", ") + id;
    return refuse(Refused::kConflict, fill_in("remove {}: volume is in use - [{}]", name, ids));
  }
  PLIMSOLL_TRY(volumes_->remove(key));
  events_->tell({"volume", "destroy", key, {{"driver", "local"}}, WallTime{}});
  return {};
}

std::vector<std::string> EngineImpl::users_of_volume(std::string_view name) const {
  std::vector<std::string> users;
  for (const ContainerPtr& container : containers())
    if (std::ranges::any_of(container->mounts, [&](const MountPoint& mount) {
          return mount.type == "volume" && mount.name == name;
        }))
      users.push_back(container->id);
  return users;
}

std::uint64_t EngineImpl::volume_size(std::string_view name) const {
  const auto volume = volumes_->find(name);
  return volume ? disk_usage(volume->mountpoint) : 0;
}

}  // namespace plimsoll::engine
