// What people write for a knob, to its value and back. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/limit/limits.h"

namespace plimsoll::limit {

// What percentages are of. Absent: a percentage is refused, naming what is missing.
struct Host {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> cpus;
  std::optional<std::uint64_t> pids;  // kernel.pid_max.
};

// One knob's value: "64M", "0.25 cpus", "50%", "max", "0-3", "on", "254:0=10M", "2MB=64M", "100ms".
// Suffixes of bytes: k M G T P E, with or without "B" or "iB", are powers of 1024 (as in docker,
// systemd and the kernel); of counts: k M G are powers of 1000. Fractions are allowed where the
// result is whole or rounds down by less than one unit. Percent: of the host's memory, of one CPU
// (200% are two), of pid_max, as in systemd's directives. kInvalidInput: the knob, the text, what
// was expected.
[[nodiscard]] Result<Setting> parse_setting(Knob knob, std::string_view text,
                                            const Host& host = {});
// What to put back to the kernel's default: "" or, where the knob has details, "254:0" or "2MB".
[[nodiscard]] Result<Setting> parse_unset(Knob knob, std::string_view detail);

// As parse_setting reads it: "64M", "0.25 cpus", "max", "254:0=10M"; "unset" for no value.
[[nodiscard]] std::string to_text(const Setting& setting);

}  // namespace plimsoll::limit
