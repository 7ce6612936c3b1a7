// GET /system/df: what takes how much of the disk.
#pragma once

#include "runtime/docker/api.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

void add_system_df(Api& api, engine::Engine& engine);

}  // namespace plimsoll::docker
