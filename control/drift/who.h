// Who may have written. Pure.
#pragma once

#include <string>
#include <string_view>

#include "inventory/identity.h"

namespace plimsoll::drift {

// inotify says that a file was written, not by whom. What can be said is who manages the group, and
// when such a manager writes: "unknown to the kernel; systemd manages its unit x.service and writes
// limits anew at daemon-reload". `manager` is GroupView::manager, empty where nobody is known.
[[nodiscard]] std::string likely_writer(const inventory::Identity& identity,
                                        std::string_view manager);

}  // namespace plimsoll::drift
