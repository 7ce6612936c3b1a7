// One thing that happened to a container or another group.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "exporter/collect/oom_event.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

enum class EventType : std::uint8_t { kCreation, kDeletion, kOom, kOomKill };
inline constexpr std::array kEventTypes = {EventType::kCreation, EventType::kDeletion,
                                           EventType::kOom, EventType::kOomKill};
[[nodiscard]] std::string_view name_of(
    EventType type);  // "creation", "deletion", "oom", "oom_kill"
[[nodiscard]] std::optional<EventType> event_type_named(std::string_view name);

struct Event {
  std::uint64_t sequence = 0;  // 1, 2, 3 ... in the order of noticing.
  EventType type = EventType::kCreation;
  WallTime at;
  std::string cgroup;  // Whose event it is; of an OOM the group whose limit was hit, of a kill the
                       // victim's.
  // Who that is, or the container it lies in; null for a group nobody ever saw.
  inventory::IdentityPtr identity;
  std::optional<std::int32_t> exit_code;  // Of a deletion, where the runtime says it.
  std::optional<OomEvent> oom;            // Of an OOM and a kill.
};
using EventPtr = std::shared_ptr<const Event>;

}  // namespace plimsoll::exporter
