#include "runtime/docker/system_df.h"

#include <algorithm>

#include "runtime/docker/container_json.h"
#include "runtime/docker/images.h"
#include "runtime/docker/networks.h"

namespace plimsoll::docker {

namespace {

std::string images_json(engine::Engine& engine, std::uint64_t& total) {
  const auto in_use = images_in_use(engine);
  std::string list = "[";
  for (const image::Image& image : engine.images().list()) {
    list += list.size() == 1 ? "" : ",";
    list += summary_json(image, static_cast<std::int64_t>(in_use.count(image.id)));
    total += image.size;
  }
  return list + "]";
}

std::string containers_json(engine::Engine& engine) {
  const WallTime now = RealClock().wall();
  std::string list = "[";
  for (const auto& container : engine.containers()) {
    const auto sizes = engine.images().root_sizes(container->id);
    list += list.size() == 1 ? "" : ",";
    list += list_json(*container, now, sizes ? std::optional(*sizes) : std::nullopt);
  }
  return list + "]";
}

std::string volumes_json(engine::Engine& engine) {
  std::string list = "[";
  for (const engine::Volume& volume : engine.volumes()) {
    list += list.size() == 1 ? "" : ",";
    list += volume_json(volume, VolumeUsage{.size = engine.volume_size(volume.name),
                                            .users = engine.users_of_volume(volume.name).size()});
  }
  return list + "]";
}

void show(const CallPtr& call, engine::Engine& engine) {
  // Without types: everything. Others are measured for nobody.
  const std::vector<std::string> types = call->queries("type");
  const auto wants = [&](std::string_view type) {
    return types.empty() || std::ranges::find(types, type) != types.end();
  };
  for (const std::string& type : types)
    if (type != "container" && type != "image" && type != "volume" && type != "build-cache")
      return call->fail({model::Refused::kInvalid, "unknown object type: " + type});
  std::uint64_t total = 0;
  const std::string images = wants("image") ? images_json(engine, total) : "null";
  call->respond(200, R"({"LayersSize":)" + std::to_string(total) + R"(,"Images":)" + images +
                         R"(,"Containers":)" +
                         (wants("container") ? containers_json(engine) : "null") +
                         R"(,"Volumes":)" + (wants("volume") ? volumes_json(engine) : "null") +
                         R"(,"BuildCache":null,"BuilderSize":0})");
}

}  // namespace

void add_system_df(Api& api, engine::Engine& engine) {
  api.add(Method::kGet, "/system/df", [&engine](const CallPtr& call) { show(call, engine); });
}

}  // namespace plimsoll::docker
