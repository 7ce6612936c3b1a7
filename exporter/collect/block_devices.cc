#include "exporter/collect/block_devices.h"

#include <algorithm>
#include <tuple>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

std::string_view BlockDevices::name(std::uint32_t major, std::uint32_t minor) const {
  const auto found = std::ranges::lower_bound(
      devices_, std::tuple(major, minor), {},
      [](const BlockDevice& device) { return std::tuple(device.major, device.minor); });
  if (found == devices_.end() || found->major != major || found->minor != minor) return {};
  return found->name;
}

Result<std::vector<BlockDevice>> parse_partitions(std::string_view text) {
  std::vector<BlockDevice> devices;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view rest = line;
    std::string_view major;
    std::string_view minor;
    std::string_view blocks;
    std::string_view name;
    if (!next_word(rest, major) || major == "major") continue;  // The blank line, the heading.
    if (!next_word(rest, minor) || !next_word(rest, blocks) || !next_word(rest, name))
      return malformed(line);
    const auto major_number = to_number<std::uint32_t>(major);
    const auto minor_number = to_number<std::uint32_t>(minor);
    if (!major_number || !minor_number) return malformed(line);
    devices.push_back({*major_number, *minor_number, std::string(name)});
    // Names like "cciss/c0d0" are spelt with '!' in sysfs and here; /dev has the slash.
    std::ranges::replace(devices.back().name, '!', '/');
  }
  std::ranges::sort(devices, {}, [](const BlockDevice& d) { return std::tuple(d.major, d.minor); });
  return devices;
}

BlockDevicesPtr refresh_block_devices(const DirFd& proc, BlockDevicesPtr previous) {
  Result<std::string> text = read_file_at(proc, "partitions", std::size_t{1} << 20);
  if (!text || (previous && previous->text() == *text)) return previous;
  Result<std::vector<BlockDevice>> devices = parse_partitions(*text);
  if (!devices) return previous;
  return std::make_shared<const BlockDevices>(*std::move(devices), *std::move(text));
}

}  // namespace plimsoll::exporter
