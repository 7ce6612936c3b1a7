// Containers' lives: made, started, stopped, waited for, changed, removed.
#include <algorithm>

#include "runtime/docker/containers.h"
#include "runtime/docker/platform.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Answer;
using model::Refused;

std::string warnings_json(const std::vector<std::string>& warnings, const std::string& id) {
  std::string out;
  model::Writer write(out);
  write("Id", id, model::Empty::kOmitted);
  write("Warnings", warnings, model::Empty::kPlain);
  write.close();
  return out + '\n';
}

// An image that is not there is for create() to miss.
Answer<> check_platform(engine::Engine& engine, const std::string& asked,
                        const std::string& reference) {
  if (asked.empty()) return {};
  const Platform platform = PLIMSOLL_TRY(parse_platform(asked, own_architecture()));
  const auto image = engine.images().find(reference);
  if (!image) return {};
  if (image->os.empty() && image->architecture.empty()) return {};
  if (image->os == platform.os && image->architecture == platform.architecture) return {};
  // Clients fetch what is not found.
  return model::refuse(Refused::kNotFound,
                       "image with reference " + reference +
                           " was found but does not match the specified platform: wanted " +
                           to_text(platform) + ", actual: " + image->os + "/" +
                           image->architecture);
}

Answer<std::string> create(engine::Engine& engine, const Call& call) {
  model::Definition definition = PLIMSOLL_TRY(model::decode_definition(call.body()));
  std::vector<std::string> warnings = PLIMSOLL_TRY(model::check(definition));
  if (definition.networks.size() > 1 && call.version() < ApiVersion{1, 44}) {
    std::string names;
    for (const auto& [name, endpoint] : definition.networks)
      names += (names.empty() ? "" : ", ") + name;
    return model::refuse(Refused::kInvalid,
                         "Container cannot be connected to network endpoints: " + names);
  }
  PLIMSOLL_TRY(check_platform(engine, call.query("platform"), definition.config.image));
  const engine::Created created =
      PLIMSOLL_TRY(engine.create(call.query("name"), std::move(definition)));
  for (const std::string& warning : created.warnings)
    if (std::ranges::find(warnings, warning) == warnings.end()) warnings.push_back(warning);
  return warnings_json(warnings, created.id);
}

Answer<std::optional<int>> seconds_of(const Call& call) {
  const auto seconds = PLIMSOLL_TRY(call.number("t"));
  if (!seconds) return std::nullopt;
  // More than a day is for ever, and fits.
  return static_cast<int>(std::clamp<std::int64_t>(*seconds, -1, 1'000'000'000));
}

using Stop = Answer<> (engine::Engine::*)(std::string_view, std::optional<int>, const std::string&);

Handler stopping(engine::Engine& engine, Stop stop) {
  return [&engine, stop](const CallPtr& call) {
    const auto seconds = seconds_of(*call);
    if (!seconds) return call->fail(seconds.error());
    call->done((engine.*stop)(call->parameter(), *seconds, call->query("signal")));
  };
}

using Simple = Answer<> (engine::Engine::*)(std::string_view);

Handler simple(engine::Engine& engine, Simple action) {
  return
      [&engine, action](const CallPtr& call) { call->done((engine.*action)(call->parameter())); };
}

Answer<> rename(engine::Engine& engine, const Call& call) {
  const std::string name = call.query("name");
  if (name.empty())
    return model::refuse(Refused::kInvalid, "Neither old nor new names may be empty");
  return engine.rename(call.parameter(), name.front() == '/' ? name.substr(1) : name);
}

Answer<std::string> update(engine::Engine& engine, const Call& call) {
  const model::UpdateRequest request = PLIMSOLL_TRY(model::decode_update(call.body()));
  std::vector<std::string> warnings = PLIMSOLL_TRY(model::check(request));
  for (std::string& warning : PLIMSOLL_TRY(engine.update(call.parameter(), request)))
    warnings.push_back(std::move(warning));
  return warnings_json(warnings, "");
}

Answer<std::string> commit(engine::Engine& engine, const Call& call) {
  engine::Engine::CommitRequest request;
  const std::string repository = call.query("repo");
  const std::string tag = call.query("tag");
  request.reference = repository;
  if (!repository.empty() && !tag.empty()) request.reference += ':' + tag;
  request.author = call.query("author");
  request.comment = call.query("comment");
  request.changes = call.queries("changes");
  request.pause = call.flag("pause", Call::Default::kYes);
  const std::string& body = call.body();
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && body.compare(first, 4, "null") != 0)
    request.config = PLIMSOLL_TRY(model::decode_config(body));
  const std::string id = PLIMSOLL_TRY(engine.commit(call.query("container"), request));
  std::string out;
  model::Writer write(out);
  write("Id", id);
  write.close();
  return out + '\n';
}

Handler answering(engine::Engine& engine, int status,
                  Answer<std::string> (*make)(engine::Engine&, const Call&)) {
  return [&engine, status, make](const CallPtr& call) {
    Answer<std::string> answer = make(engine, *call);
    if (!answer) return call->fail(answer.error());
    call->respond(status, *std::move(answer));
  };
}

}  // namespace

void add_container_life(Api& api, engine::Engine& engine) {
  api.add(Method::kPost, "/containers/create", answering(engine, 201, create));
  api.add(Method::kPost, "/containers/{id}/start", simple(engine, &engine::Engine::start));
  api.add(Method::kPost, "/containers/{id}/stop", stopping(engine, &engine::Engine::stop));
  api.add(Method::kPost, "/containers/{id}/restart", stopping(engine, &engine::Engine::restart));
  api.add(Method::kPost, "/containers/{id}/pause", simple(engine, &engine::Engine::pause));
  api.add(Method::kPost, "/containers/{id}/unpause", simple(engine, &engine::Engine::unpause));
  api.add(Method::kPost, "/containers/{id}/kill", [&engine](const CallPtr& call) {
    call->done(engine.kill(call->parameter(), call->query("signal")));
  });
  api.add(Method::kPost, "/containers/{id}/rename",
          [&engine](const CallPtr& call) { call->done(rename(engine, *call)); });
  api.add(Method::kDelete, "/containers/{id}", [&engine](const CallPtr& call) {
    call->done(engine.remove(
        call->parameter(),
        {.force = call->flag("force"), .volumes = call->flag("v"), .link = call->flag("link")}));
  });
  api.add(Method::kPost, "/containers/{id}/update", answering(engine, 200, update));
  api.add(Method::kPost, "/commit", answering(engine, 201, commit));
}

}  // namespace plimsoll::docker
