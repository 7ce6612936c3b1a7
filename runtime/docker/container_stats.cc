// GET containers/{id}/stats: once, or once a second.
#include "runtime/docker/containers.h"

namespace plimsoll::docker {

namespace {

std::string shown(const engine::Container& container, const UsagePair& pair) {
  return stats_json({.id = container.id, .name = container.name}, pair.now, pair.before);
}

// A stream goes on while the client listens and the container exists; while it does not run, what
// it uses is nothing.
class StatsStream : public std::enable_shared_from_this<StatsStream> {
 public:
  StatsStream(Api& api, engine::Engine& engine, StatsService& stats, std::string id,
              std::shared_ptr<http::Stream> stream)
      : api_(api), engine_(engine), stats_(stats), id_(std::move(id)), stream_(std::move(stream)) {}

  void tick() {
    if (stream_->closed()) return;
    const auto container = engine_.find(id_);
    if (!container) return stream_->finish();
    // A client that does not read misses samples and holds nobody up.
    if (stream_->pending() < kMostPending)
      stream_->write(
          std::make_shared<const std::string>(shown(**container, stats_.once(**container))));
    api_.after(std::chrono::seconds(1), [self = shared_from_this()] { self->tick(); });
  }

 private:
  static constexpr std::size_t kMostPending = std::size_t{64} << 10;

  Api& api_;
  engine::Engine& engine_;
  StatsService& stats_;
  const std::string id_;
  const std::shared_ptr<http::Stream> stream_;
};

void stats(Api& api, engine::Engine& engine, StatsService& service, const CallPtr& call) {
  const auto container = engine.find(call->parameter());
  if (!container) return call->fail(container.error());
  if (!call->flag("stream", Call::Default::kYes)) {
    const bool one_shot = call->flag("one-shot");
    UsagePair pair = one_shot ? service.once(**container) : service.twice(**container);
    if (one_shot) pair.before.reset();
    return call->respond(200, shown(**container, pair));
  }
  // Clients give up two seconds after the head: the first sample is right behind it.
  const auto stream = call->stream("application/json");
  std::make_shared<StatsStream>(api, engine, service, (*container)->id, stream)->tick();
}

}  // namespace

void add_container_stats(Api& api, engine::Engine& engine, StatsService& service) {
  api.add(Method::kGet, "/containers/{id}/stats",
          [&](const CallPtr& call) { stats(api, engine, service, call); });
}

}  // namespace plimsoll::docker
