// The parser's inner step, before duplicates are dropped: open_layout first leaves out mounts it
// cannot reach, so that a stray mount elsewhere never shadows the usable one.
#pragma once

#include <string_view>
#include <vector>

#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {

// Every cgroup mount in the order of the text. Pure.
[[nodiscard]] Result<std::vector<CgroupMount>> parse_every_cgroup_mount(std::string_view mountinfo);

// One mount per hierarchy: the shortest root, then the first. Order is kept.
[[nodiscard]] std::vector<CgroupMount> one_per_hierarchy(std::vector<CgroupMount> mounts);

// "cpu,cpuacct", the superblock's options or a directory's name: what is known of it. Unknown words
// are flags of this or a later kernel (xattr, nsdelegate, noprefix ...) and are skipped.
struct ControllerWordsFound {
  ControllerSet controllers;
  std::string v1_name;
  bool unknown = false;  // At least one word was neither a controller nor a name.
};
[[nodiscard]] ControllerWordsFound find_controllers(std::string_view comma_separated);

}  // namespace plimsoll::cgroupfs
