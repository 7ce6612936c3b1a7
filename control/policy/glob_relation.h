// Two patterns of base/glob.h beside each other. Pure.
#pragma once

#include <string_view>

namespace plimsoll::policy {

// Some text matches both. Exact.
[[nodiscard]] bool globs_meet(std::string_view one, std::string_view other);

// Every text that matches `narrow` matches `wide`. False may also mean that nobody looked hard
// enough.
[[nodiscard]] bool glob_covers(std::string_view wide, std::string_view narrow);

}  // namespace plimsoll::policy
