// POST containers/prune: those that do not run, all at once.
#include "runtime/docker/containers.h"
#include "runtime/docker/filters.h"
#include "runtime/docker/times.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

bool can_go(const engine::Container& container) {
  using engine::Status;
  const Status status = container.state.status;
  return status == Status::kCreated || status == Status::kExited || status == Status::kDead;
}

model::Answer<std::string> prune(engine::Engine& engine, const Clock& clock, const Call& call) {
  const Filters filters =
      PLIMSOLL_TRY(Filters::parse(call.query("filters"), {"label", "label!", "until"}));
  std::optional<WallTime> until;
  for (const std::string& value : filters.values("until"))
    until = PLIMSOLL_TRY(parse_time(value, clock.wall()));
  std::vector<std::string> deleted;
  std::uint64_t reclaimed = 0;
  for (const engine::ContainerPtr& container : engine.containers()) {
    const auto& labels = container->definition.config.labels;
    if (!can_go(*container) || (until && container->created >= *until)) continue;
    if (!filters.admits_labels("label", labels)) continue;
    if (filters.has("label!") && filters.admits_labels("label!", labels)) continue;
    const auto sizes = engine.images().root_sizes(container->id);
    // One that was started or removed meanwhile is left alone.
    if (!engine.remove(container->id, {})) continue;
    deleted.push_back(container->id);
    if (sizes) reclaimed += sizes->writable;
  }
  std::string out;
  model::Writer write(out);
  write("ContainersDeleted", deleted);
  write("SpaceReclaimed", reclaimed);
  write.close();
  engine.tell({.type = "container",
               .action = "prune",
               .id = "",
               .attributes = {{"reclaimed", std::to_string(reclaimed)}},
               .at = clock.wall()});
  return out + '\n';
}

}  // namespace

void add_container_prune(Api& api, engine::Engine& engine, const Clock& clock) {
  api.add(Method::kPost, "/containers/prune", [&](const CallPtr& call) {
    model::Answer<std::string> answer = prune(engine, clock, *call);
    if (!answer) return call->fail(answer.error());
    call->respond(200, *std::move(answer));
  });
}

}  // namespace plimsoll::docker
