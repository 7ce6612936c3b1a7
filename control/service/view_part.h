// A view of many groups, cut down to what concerns one of them.
#pragma once

#include <string>

#include "cgroupfs/limit/view.h"

namespace plimsoll::control {

// As if the view had been read for that group alone: with all above and below it. Without it where
// it is not there. Pure.
[[nodiscard]] limit::KernelView view_part(const limit::KernelView& whole, const std::string& path);

}  // namespace plimsoll::control
