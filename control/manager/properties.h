// What a control file's text is in systemd's words. Pure.
//
// Names, units and limits: systemd 252, src/core/dbus-cgroup.c, src/core/cgroup.c, and the man page
// org.freedesktop.systemd1(5).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "cgroupfs/limit/limits.h"

namespace plimsoll::control {

// "No limit" and "not set" of systemd's numbers.
inline constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();

using CpuMask = std::vector<std::uint8_t>;  // "ay": bit i is CPU or node i; empty: not set.
using PerPath = std::vector<std::pair<std::string, std::uint64_t>>;  // "a(st)": device node, value.

struct UnitProperty {
  std::string name;  // "MemoryMax".
  std::variant<std::uint64_t, CpuMask, PerPath> value;
  bool operator==(const UnitProperty&) const = default;
};

// One of the two: freezing is a state of a unit, not a property.
struct UnitChange {
  std::vector<UnitProperty> properties;
  std::optional<limit::Switch> freeze;
  bool operator==(const UnitChange&) const = default;
};

// v1 keeps quota and period in two files, systemd needs both to say one.
struct BandwidthV1 {
  std::string quota;
  std::string period;
};

// What makes systemd write `text` to `file`. kNotOffered: systemd has no property for it, or would
// write something else; the subject is the reason, for people. `bandwidth` is what v1's files say
// now, and of no use for other files.
[[nodiscard]] Result<UnitChange> unit_change(std::string_view file, std::string_view text,
                                             const BandwidthV1& bandwidth = {});

// The same out of systemd's own two numbers.
[[nodiscard]] BandwidthV1 bandwidth_v1(std::uint64_t per_second, std::uint64_t period);

// What a unit's file says while its controller is not enabled, and so the file not there: the
// kernel's default holds. systemd enables a controller with the first property that needs it, and
// disables it with the last. Nothing: that file does not come and go with a controller.
[[nodiscard]] std::optional<std::string_view> text_without_controller(std::string_view file);

}  // namespace plimsoll::control
