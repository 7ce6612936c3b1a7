#include "runtime/docker/images.h"

#include <algorithm>
#include <utility>

#include "runtime/docker/filters.h"
#include "runtime/docker/times.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

// Where an image of this name stands in time, for "before" and "since".
model::Answer<std::optional<std::int64_t>> moment_of(engine::Engine& engine, const Filters& filters,
                                                     std::string_view key) {
  if (!filters.has(key)) return std::nullopt;
  const auto image = PLIMSOLL_TRY(engine.images().find(filters.values(key).front()));
  return image.created_seconds;
}

bool has_no_name(const image::Image& image) {
  return image.repo_tags.empty();
}

// An image has the names that were asked for, and no others; false: it has none of them.
bool keep_names(image::Image& image, const std::vector<std::string>& patterns) {
  for (auto* const names : {&image.repo_tags, &image.repo_digests})
    std::erase_if(*names, [&](const std::string& name) {
      return std::ranges::none_of(
          patterns, [&](const std::string& pattern) { return matches_reference(name, pattern); });
    });
  return !image.repo_tags.empty() || !image.repo_digests.empty();
}

model::Answer<std::vector<image::Image>> select(engine::Engine& engine, const Call& call) {
  const Filters filters =
      PLIMSOLL_TRY(Filters::parse(call.query("filters"), {"reference", "dangling", "label",
                                                          "label!", "before", "since", "until"}));
  const auto dangling = PLIMSOLL_TRY(filters.flag("dangling"));
  const auto before = PLIMSOLL_TRY(moment_of(engine, filters, "before"));
  const auto since = PLIMSOLL_TRY(moment_of(engine, filters, "since"));
  std::optional<WallTime> until;
  if (filters.has("until"))
    until = PLIMSOLL_TRY(parse_time(filters.values("until").front(), RealClock().wall()));
  std::vector<image::Image> images = engine.images().list();
  std::erase_if(images, [&](image::Image& image) {
    if (filters.has("reference") && !keep_names(image, filters.values("reference"))) return true;
    if (dangling && *dangling != has_no_name(image)) return true;
    if (before && image.created_seconds >= *before) return true;
    if (since && image.created_seconds <= *since) return true;
    if (until && WallTime(std::chrono::seconds(image.created_seconds)) > *until) return true;
    if (filters.has("label!") && filters.admits_labels("label!", image.config.labels)) return true;
    return !filters.admits_labels("label", image.config.labels);
  });
  return images;
}

void list(const CallPtr& call, engine::Engine& engine) {
  const auto images = select(engine, *call);
  if (!images) return call->fail(images.error());
  std::string body = "[";
  for (const image::Image& image : *images) {
    body += body.size() == 1 ? "" : ",";
    body += summary_json(image);
  }
  call->respond(200, body + "]");
}

void inspect(const CallPtr& call, engine::Engine& engine) {
  const auto image = engine.images().find(call->parameter());
  if (!image) return call->fail(image.error());
  call->respond(200, inspect_json(*image, engine.images().driver()));
}

void history(const CallPtr& call, engine::Engine& engine) {
  const auto image = engine.images().find(call->parameter());
  if (!image) return call->fail(image.error());
  call->respond(200, history_json(*image));
}

void tag(const CallPtr& call, engine::Engine& engine) {
  const auto done = engine.images().tag(call->parameter(), call->query("repo"), call->query("tag"));
  if (!done) return call->fail(done.error());
  const std::string name = reference_of(call->query("repo"), call->query("tag"));
  if (const auto image = engine.images().find(name)) tell_image(engine, "tag", image->id, name);
  call->respond(201);
}

void tell_removed(engine::Engine& engine, const image::Removed& removed) {
  for (const std::string& name : removed.untagged) tell_image(engine, "untag", name, name);
  for (const std::string& id : removed.deleted) tell_image(engine, "delete", id, id);
}

void remove(const CallPtr& call, engine::Engine& engine) {
  using enum Call::Default;
  const auto removed = engine.images().remove(call->parameter(), call->flag("force", kNo),
                                              !call->flag("noprune", kNo), images_in_use(engine));
  if (!removed) return call->fail(removed.error());
  tell_removed(engine, *removed);
  call->respond(200, removed_json(*removed));
}

void prune(const CallPtr& call, engine::Engine& engine) {
  const auto filters =
      Filters::parse(call->query("filters"), {"dangling", "label", "label!", "until"});
  if (!filters) return call->fail(filters.error());
  const auto dangling = filters->flag("dangling");
  if (!dangling) return call->fail(dangling.error());
  std::optional<WallTime> until;
  for (const std::string& value : filters->values("until")) {
    const auto parsed = parse_time(value, RealClock().wall());
    if (!parsed) return call->fail(parsed.error());
    until = *parsed;
  }
  const auto chosen = [&](const image::Image& image) {
    const auto& labels = image.config.labels;
    if (until && WallTime(std::chrono::seconds(image.created_seconds)) > *until) return false;
    if (filters->has("label!") && filters->admits_labels("label!", labels)) return false;
    return filters->admits_labels("label", labels);
  };
  const auto removed =
      engine.images().prune(!dangling->value_or(true), images_in_use(engine), chosen);
  if (!removed) return call->fail(removed.error());
  tell_removed(engine, *removed);
  const bool is_none = removed->untagged.empty() && removed->deleted.empty();
  call->respond(200, R"({"ImagesDeleted":)" + (is_none ? "null" : removed_json(*removed)) +
                         R"(,"SpaceReclaimed":)" + std::to_string(removed->reclaimed) + "}");
}

}  // namespace

void tell_image(engine::Engine& engine, std::string action, std::string id, std::string name) {
  engine.tell({.type = "image",
               .action = std::move(action),
               .id = std::move(id),
               .attributes = {{"name", std::move(name)}},
               .at = RealClock().wall()});
}

std::multimap<std::string, std::string> images_in_use(const engine::Engine& engine) {
  std::multimap<std::string, std::string> in_use;
  for (const auto& container : engine.containers())
    in_use.emplace(container->image_id, container->id);
  return in_use;
}

void add_images(Api& api, engine::Engine& engine) {
  const auto on = [&engine](void (*what)(const CallPtr&, engine::Engine&)) {
    return [&engine, what](const CallPtr& call) { what(call, engine); };
  };
  api.add(Method::kGet, "/images/json", on(list));
  api.add(Method::kGet, "/images/{name}/json", on(inspect));
  api.add(Method::kGet, "/images/{name}/history", on(history));
  api.add(Method::kPost, "/images/{name}/tag", on(tag));
  api.add(Method::kDelete, "/images/{name}", on(remove));
  api.add(Method::kPost, "/images/prune", on(prune));
}

}  // namespace plimsoll::docker
