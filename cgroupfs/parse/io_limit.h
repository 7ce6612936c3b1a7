// What a group may do to a device, and its weight: io.max and io.weight of v2. (v1 has a file per
// number, in the shape of blkio.h.)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

// Per second; absent: no limit.
struct IoMax {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::optional<std::uint64_t> rbps, wbps, riops, wiops;
  bool operator==(const IoMax&) const = default;
};

// "8:16 rbps=2097152 wbps=max riops=max wiops=120\n", a line per device with a limit. Pulled device
// by device, without allocation: a caller must be ready for an error after some.
class IoMaxLines {
 public:
  explicit IoMaxLines(std::string_view text) : lines_(text) {}
  [[nodiscard]] Result<std::optional<IoMax>> next();

 private:
  Lines lines_;
};

// "default 100\n8:16 200\n": the weight on devices without one of their own.
[[nodiscard]] Result<std::uint64_t> parse_io_weight(std::string_view text);

}  // namespace plimsoll::cgroupfs
