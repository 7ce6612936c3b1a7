#include <utility>

#include "base/go_duration.h"
#include "base/number.h"
#include "exporter/collect/event_log.h"

namespace plimsoll::exporter {

namespace {

struct Name {
  std::string_view ours;
  std::string_view cadvisors;
};
constexpr std::array<Name, kEventTypes.size()> kNames = {{{"creation", "containerCreation"},
                                                          {"deletion", "containerDeletion"},
                                                          {"oom", "oom"},
                                                          {"oom_kill", "oomKill"}}};

constexpr std::string_view kDefault = "default";

// "default" sets every type that no entry names; the order of entries does not matter.
template <class Value, class Parse>
Result<> read_entries(std::string_view flag, std::string_view text, EventLimits& limits,
                      Value EventLimits::OfType::* member, Parse parse) {
  std::array<bool, kEventTypes.size()> named{};
  std::optional<Value> fallback;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view entry = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t equals = entry.find('=');
    const std::string_view key = entry.substr(0, equals);
    const std::optional<Value> value =
        equals == std::string_view::npos ? std::nullopt : parse(entry.substr(equals + 1));
    const std::optional<EventType> type = event_type_named(key);
    if (!value || (!type && key != kDefault))
      return invalid_input("event limits",
                           std::string(flag) + ": '" + std::string(entry) +
                               "': give default=VALUE or a type of event (creation, deletion, oom, "
                               "oom_kill) = VALUE");
    if (!type) {
      fallback = value;
      continue;
    }
    limits.of[static_cast<std::size_t>(*type)].*member = *value;
    named[static_cast<std::size_t>(*type)] = true;
  }
  for (std::size_t i = 0; fallback && i < named.size(); ++i)
    if (!named[i]) limits.of[i].*member = *fallback;
  return {};
}

}  // namespace

std::string_view name_of(EventType type) {
  return kNames[static_cast<std::size_t>(type)].ours;
}

std::optional<EventType> event_type_named(std::string_view name) {
  for (const EventType type : kEventTypes) {
    const Name& names = kNames[static_cast<std::size_t>(type)];
    if (name == names.ours || name == names.cadvisors) return type;
  }
  return std::nullopt;
}

Result<EventLimits> parse_event_limits(std::string_view ages, std::string_view counts) {
  EventLimits limits;
  PLIMSOLL_TRY(read_entries("event_storage_age_limit", ages, limits, &EventLimits::OfType::age,
                            [](std::string_view text) -> std::optional<std::chrono::nanoseconds> {
                              const auto age = parse_go_duration(text);
                              return age && age->count() >= 0 ? age : std::nullopt;
                            }));
  PLIMSOLL_TRY(read_entries("event_storage_event_limit", counts, limits,
                            &EventLimits::OfType::count,
                            [](std::string_view text) { return to_number<std::size_t>(text); }));
  return limits;
}

}  // namespace plimsoll::exporter
