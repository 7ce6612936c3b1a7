// Where a knob of a group is kept on this host, and what the text there means. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/view.h"
#include "control/journal/record.h"

namespace plimsoll::control {

struct KnobPlace {
  int version = 0;
  Spot spot;  // Its group, file and key.
  bool operator==(const KnobPlace&) const = default;
};
// Nothing: this host, or this group, has no such file.
[[nodiscard]] std::optional<KnobPlace> place_of(const limit::KernelView& view, std::size_t group,
                                                limit::Knob knob, std::string_view detail);
// The details a knob has in this group: devices with a line of their own, page sizes; "" where it
// needs none.
[[nodiscard]] std::vector<std::string> details_of(const limit::KernelView& view, std::size_t group,
                                                  limit::Knob knob);
// The text at a place; nothing: gone meanwhile.
[[nodiscard]] std::optional<std::string> text_at(const limit::KernelView& view, std::size_t group,
                                                 const KnobPlace& place);
// What `text` (of the file, or the device's line of it) says about the knob. `group` is for knobs
// that need a second file. Nothing: not understood.
[[nodiscard]] std::optional<limit::Value> value_in(limit::Knob knob, int version,
                                                   std::string_view text,
                                                   const limit::GroupView& group);

// Another knob is kept in the same file.
[[nodiscard]] bool shares_file(limit::Knob knob, int version);

}  // namespace plimsoll::control
