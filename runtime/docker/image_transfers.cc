// Images on their way in and out: load, save, import, pull, push.
#include <utility>

#include "runtime/docker/images.h"
#include "runtime/docker/platform.h"
#include "runtime/docker/progress.h"

namespace plimsoll::docker {

namespace {

bool is_id(const std::string& loaded) {
  return loaded.starts_with("sha256:");
}

// Images of other platforms would not run here.
model::Answer<> check_platform(const Call& call) {
  const std::string asked = call.query("platform");
  if (asked.empty()) return {};
  const Platform platform = PLIMSOLL_TRY(parse_platform(asked, own_architecture()));
  if (platform.os == "linux" && platform.architecture == own_architecture()) return {};
  return model::refuse(model::Refused::kNotFound, "no matching manifest for " + to_text(platform) +
                                                      " in the manifest list entries");
}

void load(const CallPtr& call, engine::Engine& engine) {
  const auto archive = call->archive();
  if (!archive) return call->fail(archive.error());
  ProgressStream progress(call);
  // Quiet means: only what was loaded.
  const image::Report silent = [](const image::Progress&) { return true; };
  const auto loaded =
      engine.images().load(**archive, call->flag("quiet") ? silent : progress.reporter());
  if (!loaded) return progress.finish(std::unexpected(loaded.error()));
  for (const std::string& one : *loaded) {
    const auto image = engine.images().find(one);
    tell_image(engine, "load", image ? image->id : one, one);
    progress.line(
        encode_stream((is_id(one) ? "Loaded image ID: " : "Loaded image: ") + one + "\n"));
  }
  progress.finish({});
}

void import_tree(const CallPtr& call, engine::Engine& engine) {
  if (call->query("fromSrc") != "-")
    return call->fail({model::Refused::kNotOffered,
                       "importing from an address is not offered: fetch it, and import the file"});
  const auto checked = check_platform(*call);
  if (!checked) return call->fail(checked.error());
  const auto archive = call->archive();
  if (!archive) return call->fail(archive.error());
  const std::string repository = call->query("repo");
  const std::string name =
      repository.empty() ? repository : reference_of(repository, call->query("tag"));
  ProgressStream progress(call);
  const auto id = engine.import_tree(
      **archive, {name, call->query("message"), call->queries("changes")}, progress.reporter());
  if (!id) return progress.finish(std::unexpected(id.error()));
  tell_image(engine, "import", *id, name.empty() ? *id : name);
  // Its id is the last thing that the store reports.
  progress.finish({});
}

void pull(const CallPtr& call, engine::Engine& engine) {
  const auto credentials = decode_credentials(call->request().header("x-registry-auth"));
  if (!credentials) return call->fail(credentials.error());
  const auto checked = check_platform(*call);
  if (!checked) return call->fail(checked.error());
  const std::string reference = reference_of(call->query("fromImage"), call->query("tag"));
  ProgressStream progress(call);
  const auto pulled = engine.images().pull(reference, *credentials, progress.reporter());
  if (pulled) {
    const auto image = engine.images().find(reference);
    tell_image(engine, "pull", image ? image->id : reference, reference);
  }
  progress.finish(pulled);
}

void create(const CallPtr& call, engine::Engine& engine) {
  if (call->has("fromSrc")) return import_tree(call, engine);
  if (call->query("fromImage").empty())
    return call->fail({model::Refused::kInvalid, "give fromImage or fromSrc"});
  pull(call, engine);
}

void push(const CallPtr& call, engine::Engine& engine) {
  const auto credentials = decode_credentials(call->request().header("x-registry-auth"));
  if (!credentials) return call->fail(credentials.error());
  const std::string reference = reference_of(call->parameter(), call->query("tag"));
  ProgressStream progress(call);
  // Clients of push look for what went wrong in the stream alone.
  progress.report({.status = "The push refers to repository [" + call->parameter() + "]"});
  const auto pushed = engine.images().push(reference, *credentials, progress.reporter());
  if (pushed) tell_image(engine, "push", reference, reference);
  progress.finish(pushed);
}

void save(const CallPtr& call, engine::Engine& engine, std::vector<std::string> names) {
  if (names.empty())
    return call->fail({model::Refused::kInvalid, "give at least one image in names"});
  call->copy_out("application/x-tar", {}, [&](const Call::Sink& sink) -> model::Answer<> {
    // Before the first byte, so that a wrong name is a proper error.
    for (const std::string& name : names) {
      const auto image = PLIMSOLL_TRY(engine.images().find(name));
      tell_image(engine, "save", image.id, name);
    }
    return engine.images().save(names, sink);
  });
}

}  // namespace

void add_image_transfers(Api& api, engine::Engine& engine) {
  const Traits archive{.body = Traits::Body::kArchive};
  // What is in an image is for those who may run it.
  const Traits contents{.needs = Access::kFull};
  api.add(
      Method::kPost, "/images/load", [&engine](const CallPtr& call) { load(call, engine); },
      archive);
  api.add(
      Method::kPost, "/images/create", [&engine](const CallPtr& call) { create(call, engine); },
      archive);
  api.add(Method::kPost, "/images/{name}/push",
          [&engine](const CallPtr& call) { push(call, engine); });
  api.add(
      Method::kGet, "/images/get",
      [&engine](const CallPtr& call) { save(call, engine, call->queries("names")); }, contents);
  api.add(
      Method::kGet, "/images/{name}/get",
      [&engine](const CallPtr& call) { save(call, engine, {call->parameter()}); }, contents);
}

}  // namespace plimsoll::docker
