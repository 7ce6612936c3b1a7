#include <algorithm>

#include "base/json.h"
#include "runtime/docker/filters.h"
#include "runtime/docker/networks.h"

namespace plimsoll::docker {

namespace {

model::Answer<std::vector<engine::Volume>> select(engine::Engine& engine, const Call& call) {
  const Filters filters =
      PLIMSOLL_TRY(Filters::parse(call.query("filters"), {"dangling", "driver", "label", "name"}));
  const auto dangling = PLIMSOLL_TRY(filters.flag("dangling"));
  std::vector<engine::Volume> volumes = engine.volumes();
  std::erase_if(volumes, [&](const engine::Volume& volume) {
    if (dangling && *dangling != engine.users_of_volume(volume.name).empty()) return true;
    return !filters.admits("driver", volume.driver) || !filters.admits_part("name", volume.name) ||
           !filters.admits_labels("label", volume.labels);
  });
  return volumes;
}

void list(const CallPtr& call, engine::Engine& engine) {
  const auto volumes = select(engine, *call);
  if (!volumes) return call->fail(volumes.error());
  std::string body = R"({"Volumes":[)";
  for (const engine::Volume& volume : *volumes) {
    body += &volume == volumes->data() ? "" : ",";
    body += volume_json(volume);
  }
  call->respond(200, body + R"(],"Warnings":null})");
}

void inspect(const CallPtr& call, engine::Engine& engine) {
  const auto volume = engine.find_volume(call->parameter());
  if (!volume) return call->fail(volume.error());
  call->respond(200, volume_json(*volume));
}

void create(const CallPtr& call, engine::Engine& engine) {
  auto asked = decode_volume(call->body());
  if (!asked) return call->fail(asked.error());
  const auto made = engine.create_volume(*std::move(asked));
  if (!made) return call->fail(made.error());
  call->respond(201, volume_json(*made));
}

void remove(const CallPtr& call, engine::Engine& engine) {
  call->done(engine.remove_volume(call->parameter(), call->flag("force")));
}

void prune(const CallPtr& call, engine::Engine& engine) {
  const auto filters = Filters::parse(call->query("filters"), {"label", "label!", "all"});
  if (!filters) return call->fail(filters.error());
  const auto all = filters->flag("all");
  if (!all) return call->fail(all.error());
  // Clients before 1.42 mean every volume, later ones those without a name.
  const bool also_named = call->version() < ApiVersion{1, 42} || all->value_or(false);
  std::string names;
  std::uint64_t reclaimed = 0;
  for (const engine::Volume& volume : engine.volumes()) {
    if (!also_named && !volume.anonymous) continue;
    if (!filters->admits_labels("label", volume.labels)) continue;
    if (filters->has("label!") && filters->admits_labels("label!", volume.labels)) continue;
    if (!engine.users_of_volume(volume.name).empty()) continue;
    const std::uint64_t size = engine.volume_size(volume.name);
    if (!engine.remove_volume(volume.name, false)) continue;  // Somebody took it meanwhile.
    reclaimed += size;
    names += names.empty() ? "" : ",";
    json::append_string(names, volume.name);
  }
  call->respond(200, R"({"VolumesDeleted":[)" + names + R"(],"SpaceReclaimed":)" +
                         std::to_string(reclaimed) + "}");
}

}  // namespace

void add_volumes(Api& api, engine::Engine& engine) {
  const auto on = [&engine](void (*what)(const CallPtr&, engine::Engine&)) {
    return [&engine, what](const CallPtr& call) { what(call, engine); };
  };
  api.add(Method::kGet, "/volumes", on(list));
  api.add(Method::kGet, "/volumes/{name}", on(inspect));
  api.add(Method::kPost, "/volumes/create", on(create));
  api.add(Method::kPost, "/volumes/prune", on(prune));
  api.add(Method::kDelete, "/volumes/{name}", on(remove));
}

}  // namespace plimsoll::docker
