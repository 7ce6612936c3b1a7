// Names of the host's block devices by number: 254:0 is "vda". Cgroup files speak in numbers,
// people and dashboards in names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::exporter {

struct BlockDevice {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string name;  // "vda1", without /dev.
  bool operator==(const BlockDevice&) const = default;
};

// Sorted by number; immutable once published.
class BlockDevices {
 public:
  BlockDevices() = default;
  explicit BlockDevices(std::vector<BlockDevice> sorted, std::string text = {})
      : devices_(std::move(sorted)), text_(std::move(text)) {}

  // "vda1"; empty when the number is unknown (a device that came or went since).
  [[nodiscard]] std::string_view name(std::uint32_t major, std::uint32_t minor) const;
  [[nodiscard]] std::size_t size() const { return devices_.size(); }
  // The text it was made from.
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::vector<BlockDevice> devices_;
  std::string text_;
};
using BlockDevicesPtr = std::shared_ptr<const BlockDevices>;

// Pure. The text of /proc/partitions:
//   major minor  #blocks  name
//
//    254        0   10485760 vda
// kMalformed names the line.
[[nodiscard]] Result<std::vector<BlockDevice>> parse_partitions(std::string_view text);

// Reads PROC/partitions (about 20 us). Gives `previous` back when nothing changed or when the file
// cannot be read or understood: names then stay as good as they were.
[[nodiscard]] BlockDevicesPtr refresh_block_devices(const DirFd& proc, BlockDevicesPtr previous);

}  // namespace plimsoll::exporter
