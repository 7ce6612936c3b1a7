// v1's per-device block IO files: blkio.throttle.io_service_bytes and its many siblings (serviced,
// merged, queued, times, sectors; of throttling, bfq and cfq; plain or _recursive).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

enum class BlkioOp : std::uint8_t {
  kNone,  // "254:0 8\n": blkio.sectors, blkio.time do not tell operations apart.
  kRead,
  kWrite,
  kSync,
  kAsync,
  kDiscard,
  kTotal,
  kUnknown  // A newer kernel's.
};

struct BlkioEntry {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  BlkioOp op = BlkioOp::kNone;
  std::uint64_t value = 0;
  bool operator==(const BlkioEntry&) const = default;
};

// "254:0 Read 4096\n254:0 Write 0\n...254:0 Total 4096\nTotal 4096\n", one entry per line; the last
// line, the sum over the devices, is checked and left out, as are lines of devices that the kernel
// has no number for. Pulled entry by entry, without allocation: a caller must be ready for an error
// after some entries.
class BlkioLines {
 public:
  explicit BlkioLines(std::string_view text) : lines_(text) {}
  [[nodiscard]] Result<std::optional<BlkioEntry>> next();

 private:
  Lines lines_;
};

// "254:0": nothing when it is not two numbers of 32 bits.
struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  auto operator<=>(const DeviceNumber&) const = default;
};
[[nodiscard]] std::optional<DeviceNumber> parse_device_number(std::string_view token);

}  // namespace plimsoll::cgroupfs
