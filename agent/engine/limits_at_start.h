// The limits that policies want of containers of our own, set before their first instruction.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/applier/policies.h"
#include "inventory/identity.h"
#include "runtime/engine/engine.h"

namespace plimsoll::agent {

// As the inventory will know it. Pure.
[[nodiscard]] inventory::Identity identity_of(const engine::Container& container);

// For engine::Options::watch_start; `policies` must outlive it.
[[nodiscard]] std::function<std::unique_ptr<engine::StartWatcher>(const std::string& id)>
limits_at_start(control::Policies& policies);

}  // namespace plimsoll::agent
