#include "runtime/docker/containers.h"

namespace plimsoll::docker {

namespace {

constexpr std::chrono::milliseconds kFirstSample(200);

}  // namespace

Result<std::unique_ptr<ContainerApi>> ContainerApi::create(Api& api, engine::Engine& engine,
                                                           const cgroupfs::Layout& layout,
                                                           DirFd proc, const Clock& clock) {
  UsageReader reader = PLIMSOLL_TRY(UsageReader::open(layout, std::move(proc), clock));
  return std::unique_ptr<ContainerApi>(new ContainerApi(api, engine, std::move(reader), clock));
}

ContainerApi::ContainerApi(Api& api, engine::Engine& engine, UsageReader reader, const Clock& clock)
    : stats_(std::move(reader), clock) {
  add_container_views(api, engine, clock);
  add_container_life(api, engine);
  add_container_prune(api, engine, clock);
  add_container_talk(api, engine, clock);
  add_container_files(api, engine, clock);
  add_container_stats(api, engine, stats_);
  add_exec(api, engine);
  // A first sample of each life, so that whoever asks soon after is answered at once. Not of lives
  // that are over before anybody can ask.
  const auto heard = [this, &api, &engine](const engine::Event& event) {
    if (event.type != "container") return;
    if (event.action == "die") return stats_.forget(event.id);
    if (event.action != "start") return;
    api.after(kFirstSample, [this, &engine, id = event.id] {
      if (const auto container = engine.find(id)) stats_.started(**container);
    });
  };
  listening_ = engine.listen({}, heard, {});
}

engine::Event container_event(const engine::Container& container, std::string action,
                              const Clock& clock) {
  engine::Event event{.type = "container", .action = std::move(action), .id = container.id};
  event.attributes = container.definition.config.labels;
  event.attributes["image"] = container.definition.config.image;
  event.attributes["name"] = container.name;
  event.at = clock.wall();
  return event;
}

}  // namespace plimsoll::docker
