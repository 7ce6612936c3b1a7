// Docker's operations on containers and on further processes in them, over the engine.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/docker/api.h"
#include "runtime/docker/stats_service.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

// All of containers/*, exec/* and commit. Outlives the API's calls; `engine`, `layout` and `clock`
// outlive it.
class ContainerApi {
 public:
  // Adds the routes to `api`. `proc`: the host's /proc.
  [[nodiscard]] static Result<std::unique_ptr<ContainerApi>> create(Api& api,
                                                                    engine::Engine& engine,
                                                                    const cgroupfs::Layout& layout,
                                                                    DirFd proc, const Clock& clock);

 private:
  ContainerApi(Api& api, engine::Engine& engine, UsageReader reader, const Clock& clock);

  StatsService stats_;
  std::shared_ptr<void> listening_;  // Before the service goes.
};

// The parts; create() adds them all.
void add_container_views(Api& api, engine::Engine& engine, const Clock& clock);
void add_container_life(Api& api, engine::Engine& engine);
void add_container_prune(Api& api, engine::Engine& engine, const Clock& clock);
void add_container_talk(Api& api, engine::Engine& engine, const Clock& clock);
void add_container_files(Api& api, engine::Engine& engine, const Clock& clock);
void add_container_stats(Api& api, engine::Engine& engine, StatsService& stats);
void add_exec(Api& api, engine::Engine& engine);

// An event of a container with all that Docker tells along with it.
[[nodiscard]] engine::Event container_event(const engine::Container& container, std::string action,
                                            const Clock& clock);

}  // namespace plimsoll::docker
