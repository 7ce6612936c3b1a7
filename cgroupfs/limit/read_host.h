// What read_view() asks of the host beside its groups. For it alone.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/limit/view.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

// As hugetlb's files spell them: "2MB". None without huge pages.
[[nodiscard]] std::vector<std::string> huge_page_sizes(const DirFd& sys);
// Fills in CPUs, memory nodes and block devices; of the latter two what the controllers need.
void read_host(const cgroupfs::Layout& layout, const DirFd& sys,
               const cgroupfs::ControllerSet& controllers, KernelView& view);

}  // namespace plimsoll::limit
