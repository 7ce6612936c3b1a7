// What clients ask a Docker host for and this engine is not: answered in the words they expect.
#include "runtime/docker/system.h"

namespace plimsoll::docker {

namespace {

constexpr std::string_view kNoSwarm =
    "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to "
    "connect "
    "this node to swarm and try again.";

Handler refuse_with(model::Refused why, std::string message) {
  return [refusal = model::Refusal(why, std::move(message))](const CallPtr& call) {
    call->fail(refusal);
  };
}

}  // namespace

void add_not_offered(Api& api) {
  using enum model::Refused;
  const Handler no_swarm = refuse_with(kUnavailable, std::string(kNoSwarm));
  for (const char* what : {"/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs"}) {
    const std::string below = std::string(what) + "/{id}";
    api.add(Method::kGet, what, no_swarm);
    for (const Method method : {Method::kGet, Method::kPost, Method::kDelete})
      api.add(method, below, no_swarm);
  }
  const Handler no_plugins = refuse_with(kNotOffered, "plugins are not offered by this engine");
  api.add(Method::kGet, "/plugins", [](const CallPtr& call) { call->respond(200, "[]"); });
  api.add(Method::kGet, "/plugins/{name}/json", [](const CallPtr& call) {
    call->fail({kNotFound, "plugin \"" + call->parameter() + "\" not found"});
  });
  api.add(Method::kGet, "/plugins/{name}", no_plugins);
  api.add(Method::kPost, "/plugins/{name}", no_plugins);
  api.add(Method::kDelete, "/plugins/{name}", no_plugins);
  const Handler no_builder =
      refuse_with(kNotOffered,
                  "this engine does not build images: build with buildah, podman or a remote "
                  "builder, and bring "
                  "the result here with \"docker load\", \"docker import\" or \"docker pull\"");
  for (const char* what : {"/build", "/session", "/grpc", "/build/cancel"})
    api.add(Method::kPost, what, no_builder);
  // Nothing is ever cached, so that pruning it has been done.
  api.add(Method::kPost, "/build/prune", [](const CallPtr& call) {
    call->respond(200, R"({"CachesDeleted":null,"SpaceReclaimed":0})");
  });
  api.add(Method::kGet, "/images/search",
          refuse_with(kNotOffered,
                      "searching is not offered by this engine: registries of one's own have no "
                      "search; look on the registry's page"));
  api.add(Method::kGet, "/distribution/{name}/json",
          refuse_with(kNotOffered,
                      "manifests of registries are not shown by this engine; "
                      "\"docker pull\" and \"docker inspect\" show what is in them"));
}

}  // namespace plimsoll::docker
