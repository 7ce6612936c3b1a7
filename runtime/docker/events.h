// GET /events: what happened and happens, as a stream.
#pragma once

#include <string>

#include "runtime/docker/api.h"
#include "runtime/docker/filters.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

void add_events(Api& api, engine::Engine& engine);

// One object and a newline, with the names that clients before 1.52 read. Pure.
[[nodiscard]] std::string encode(const engine::Event& event);
// Whether it is among those asked for. Pure.
[[nodiscard]] bool matches(const Filters& filters, const engine::Event& event);

}  // namespace plimsoll::docker
