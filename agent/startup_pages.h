// The pages of code that only starting needed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::agent {

// A run of mapped addresses, end exclusive.
struct PageRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  friend bool operator==(const PageRange&, const PageRange&) = default;
};

// The mappings of /proc/PID/smaps (proc(5); fs/proc/task_mmu.c, Linux 6.1) that the kernel can read
// again from their file: private, of a file, not writable, and without a page of their own. What
// the dynamic linker relocated and then sealed has such pages and is never among them. kMalformed
// names a line that is not what proc(5) says.
[[nodiscard]] Result<std::vector<PageRange>> clean_file_pages(std::string_view smaps);

// Takes those pages out of this process. Most of what ran at the start (TLS, YAML, flags, the
// linker) never runs again, yet counts as resident for as long as we live, and the kernel maps 16
// pages around each one touched. What is needed after all comes back from the page cache. Returns
// the addresses let go, in bytes. Any thread.
Result<std::uint64_t> release_startup_pages();

}  // namespace plimsoll::agent
