// Containers' files: copied in and out, exported.
#include "runtime/docker/containers.h"
#include "runtime/docker/path_stat.h"

namespace plimsoll::docker {

namespace {

using model::Answer;
using model::Refused;

constexpr const char* kTar = "application/x-tar";
constexpr const char* kStatHeader = "X-Docker-Container-Path-Stat";

// A path in a container's tree, which is mounted while this lives.
struct Place {
  engine::ContainerPtr container;
  engine::Engine::Tree tree;
  std::string path;
};

Answer<Place> place_of(engine::Engine& engine, const Call& call) {
  Place place;
  place.path = call.query("path");
  if (place.path.empty())
    return model::refuse(Refused::kInvalid, "bad parameter: path cannot be empty");
  place.container = PLIMSOLL_TRY(engine.find(call.parameter()));
  place.tree = PLIMSOLL_TRY(engine.tree(place.container->id));
  return place;
}

// In the words that clients know: which path, of which container.
model::Refusal missing(const Place& place, const model::Refusal& refusal) {
  if (refusal.why != Refused::kNotFound) return refusal;
  return {Refused::kNotFound,
          "Could not find the file " + place.path + " in container " + place.container->name};
}

void look(engine::Engine& engine, const CallPtr& call) {
  const auto place = place_of(engine, *call);
  if (!place) return call->fail(place.error());
  const auto stat = image::stat_in_root(place->tree.root, place->path);
  if (!stat) return call->fail(missing(*place, stat.error()));
  http::Response response;
  response.content_type.clear();
  response.headers.emplace_back(kStatHeader, path_stat_header(*stat));
  call->send(std::move(response));
}

void take_out(engine::Engine& engine, const Clock& clock, const CallPtr& call) {
  const auto place = place_of(engine, *call);
  if (!place) return call->fail(place.error());
  const auto stat = image::stat_in_root(place->tree.root, place->path);
  if (!stat) return call->fail(missing(*place, stat.error()));
  call->copy_out(kTar, {{kStatHeader, path_stat_header(*stat)}}, [&](const Call::Sink& sink) {
    return image::tar_out(place->tree.root, place->path, sink);
  });
  engine.tell(container_event(*place->container, "archive-path", clock));
}

Answer<> put_in(engine::Engine& engine, const Clock& clock, const Call& call) {
  const Place place = PLIMSOLL_TRY(place_of(engine, call));
  if (place.container->definition.host.readonly_rootfs)
    return model::refuse(Refused::kForbidden, "container rootfs is marked read-only");
  const auto archive = PLIMSOLL_TRY(call.archive());
  image::TarInOptions options{.no_overwrite_dir_non_dir = call.flag("noOverwriteDirNonDir")};
  // What is copied becomes the container's user's, if it names one.
  const std::string& user = place.container->definition.config.user;
  if (call.flag("copyUIDGID") && !user.empty()) {
    const auto owner = PLIMSOLL_TRY(engine.owner_in(place.tree, user));
    options.uid = owner.uid;
    options.gid = owner.gid;
  }
  const auto done = image::tar_in(place.tree.root, place.path, *archive, options);
  if (!done) return std::unexpected(missing(place, done.error()));
  engine.tell(container_event(*place.container, "extract-to-dir", clock));
  return {};
}

void export_tree(engine::Engine& engine, const Clock& clock, const CallPtr& call) {
  const auto container = engine.find(call->parameter());
  if (!container) return call->fail(container.error());
  call->copy_out("application/octet-stream", {}, [&](const Call::Sink& sink) {
    return engine.images().export_root((*container)->id, sink);
  });
  engine.tell(container_event(**container, "export", clock));
}

}  // namespace

void add_container_files(Api& api, engine::Engine& engine, const Clock& clock) {
  constexpr const char* kArchive = "/containers/{id}/archive";
  api.add(Method::kHead, kArchive, [&engine](const CallPtr& call) { look(engine, call); });
  api.add(Method::kGet, kArchive,
          [&engine, &clock](const CallPtr& call) { take_out(engine, clock, call); });
  api.add(Method::kPut, kArchive,
          [&engine, &clock](const CallPtr& call) {
            const Answer<> done = put_in(engine, clock, *call);
            if (!done) return call->fail(done.error());
            call->respond(200);
          },
          {.body = Traits::Body::kArchive});
  api.add(Method::kGet, "/containers/{id}/export",
          [&engine, &clock](const CallPtr& call) { export_tree(engine, clock, call); });
}

}  // namespace plimsoll::docker
