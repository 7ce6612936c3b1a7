// What the options of a mount in config.json mean (config.md, "Mounts"): attributes of the mount,
// propagation, and parameters for the filesystem. Words that are in no table go to the filesystem,
// as mount(8) does it.
//
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace plimsoll::runtime {

struct Attributes {
  std::uint64_t set = 0;  // MOUNT_ATTR_*
  std::uint64_t clear =
      0;  // For an access-time mode the whole of its field, as the kernel wants it.
  [[nodiscard]] bool empty() const { return set == 0 && clear == 0; }
};

struct PropagationChange {
  std::uint64_t flag = 0;  // MS_PRIVATE, MS_SHARED, MS_SLAVE or MS_UNBINDABLE
  bool recursive = false;
};

// One fsconfig(2): a string, or a flag where there is no "=".
struct Parameter {
  std::string key;
  std::string value;
  bool is_flag = false;
};

enum class BindMode : std::uint8_t { kNone, kMount, kTree };
enum class IdMap : std::uint8_t { kNone, kMount, kTree };

struct MountOptions {
  Attributes attributes;
  Attributes below;  // For the mount and all mounts under it (rro, rnosuid, ...).
  std::vector<PropagationChange> propagation;
  std::vector<Parameter> parameters;
  BindMode bind = BindMode::kNone;
  IdMap id_map = IdMap::kNone;
  bool remount = false;
  bool copy_up = false;  // tmpfs: begins with what the image has there.
};

[[nodiscard]] MountOptions parse_mount_options(std::span<const std::string> words);

// All words that have a meaning here, sorted: for `features`.
[[nodiscard]] std::vector<std::string> known_mount_options();

}  // namespace plimsoll::runtime
