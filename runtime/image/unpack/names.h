// Names as archives have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::image::unpack {

// "./a//b/../c/" is "a/c"; "" is the root. kInvalidInput: it leads out of the tree, is deeper than
// `most_depth`, or longer than the kernel takes. A leading slash is the tree's own.
[[nodiscard]] Result<std::string> clean(std::string_view name, std::uint64_t most_depth);

// For messages: short, without control characters.
[[nodiscard]] std::string shown(std::string_view name);

struct Split {
  std::string directory;
  std::string name;
};
[[nodiscard]] Split split(const std::string& path);

}  // namespace plimsoll::image::unpack
