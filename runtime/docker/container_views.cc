// Looking at containers: lists, inspect, top, changes.
#include <algorithm>

#include "runtime/docker/container_json.h"
#include "runtime/docker/container_select.h"
#include "runtime/docker/containers.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

// The images that are this one or were built on it.
std::set<std::string> images_from(image::Store& store, const std::vector<std::string>& references) {
  std::set<std::string> ids;
  if (references.empty()) return ids;
  const std::vector<image::Image> all = store.list();
  for (const std::string& reference : references) {
    const auto ancestor = store.find(reference);
    if (!ancestor) continue;  // Docker: no such image is no container of it.
    ids.insert(ancestor->id);
    const auto& below = ancestor->layers;
    for (const image::Image& image : all)
      if (!below.empty() && image.layers.size() > below.size() &&
          std::equal(below.begin(), below.end(), image.layers.begin()))
        ids.insert(image.id);
  }
  return ids;
}

std::optional<image::Sizes> sizes_of(engine::Engine& engine, const std::string& id) {
  const auto sizes = engine.images().root_sizes(id);
  return sizes ? std::optional(*sizes) : std::nullopt;
}

model::Answer<std::string> list(engine::Engine& engine, const Clock& clock, const Call& call) {
  Selection selection;
  selection.all = call.flag("all");
  selection.limit = PLIMSOLL_TRY(call.number("limit")).value_or(-1);
  selection.filters = PLIMSOLL_TRY(container_filters(call.query("filters")));
  selection.ancestor_images = images_from(engine.images(), selection.filters.values("ancestor"));
  selection.find = [&engine](std::string_view reference) {
    const auto found = engine.find(reference);
    return found ? *found : nullptr;
  };
  const auto chosen = PLIMSOLL_TRY(select(engine.containers(), selection));
  const bool sized = call.flag("size");
  std::string out = "[";
  for (const engine::ContainerPtr& container : chosen) {
    if (out.size() > 1) out += ',';
    out +=
        list_json(*container, clock.wall(), sized ? sizes_of(engine, container->id) : std::nullopt);
  }
  return out + "]\n";
}

model::Answer<std::string> inspect(engine::Engine& engine, const Call& call) {
  const engine::ContainerPtr container = PLIMSOLL_TRY(engine.find(call.parameter()));
  InspectMore more;
  if (auto root = engine.images().root_info(container->id)) more.root = *std::move(root);
  if (call.flag("size")) more.sizes = sizes_of(engine, container->id);
  return inspect_json(*container, more) + '\n';
}

model::Answer<std::string> top(engine::Engine& engine, const Call& call) {
  const std::string arguments = call.query("ps_args");
  const engine::Top top =
      PLIMSOLL_TRY(engine.top(call.parameter(), arguments.empty() ? "-ef" : arguments));
  std::string processes = "[";
  for (const auto& process : top.processes) {
    if (processes.size() > 1) processes += ',';
    processes += '[';
    for (bool first = true; const std::string& column : process) {
      if (!std::exchange(first, false)) processes += ',';
      json::append_string(processes, column);
    }
    processes += ']';
  }
  std::string out;
  model::Writer write(out);
  write("Titles", top.titles, model::Empty::kPlain);
  write.constant("Processes", processes + ']');
  write.close();
  return out + '\n';
}

model::Answer<std::string> changes(engine::Engine& engine, const Call& call) {
  const engine::ContainerPtr container = PLIMSOLL_TRY(engine.find(call.parameter()));
  const auto changed = PLIMSOLL_TRY(engine.images().changes(container->id));
  if (changed.empty()) return "null\n";
  std::string out = "[";
  for (const image::Change& change : changed) {
    if (out.size() > 1) out += ',';
    model::Writer write(out);
    write("Path", change.path);
    write("Kind", static_cast<int>(change.kind));
    write.close();
  }
  return out + "]\n";
}

Handler answering(std::function<model::Answer<std::string>(const Call&)> make) {
  return [make = std::move(make)](const CallPtr& call) {
    model::Answer<std::string> answer = make(*call);
    if (!answer) return call->fail(answer.error());
    call->respond(200, *std::move(answer));
  };
}

}  // namespace

void add_container_views(Api& api, engine::Engine& engine, const Clock& clock) {
  api.add(Method::kGet, "/containers/json",
          answering([&](const Call& call) { return list(engine, clock, call); }));
  api.add(Method::kGet, "/containers/{id}/json",
          answering([&](const Call& call) { return inspect(engine, call); }));
  api.add(Method::kGet, "/containers/{id}/top",
          answering([&](const Call& call) { return top(engine, call); }));
  api.add(Method::kGet, "/containers/{id}/changes",
          answering([&](const Call& call) { return changes(engine, call); }));
}

}  // namespace plimsoll::docker
