// The label `device` of a block device.
#pragma once

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

// device="/dev/vda", or "254:0" for a device without a name. Holds the text it points to.
class DeviceLabel {
 public:
  DeviceLabel(const Context& context, std::uint32_t major, std::uint32_t minor) {
    const BlockDevices* names = context.snapshot.block_devices.get();
    name_ = names ? names->name(major, minor) : std::string_view();
    if (!name_.empty()) return;
    char* end = put_unsigned(number_, major);
    *end++ = ':';
    length_ = static_cast<std::size_t>(put_unsigned(end, minor) - number_);
  }
  [[nodiscard]] Label label() const {
    if (name_.empty()) return {"device", {number_, length_}};
    return {"device", name_, "/dev/"};
  }

 private:
  std::string_view name_;
  char number_[2 * kMaxNumber]{};
  std::size_t length_ = 0;
};

}  // namespace plimsoll::exporter
