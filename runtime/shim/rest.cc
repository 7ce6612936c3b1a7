#include "runtime/shim/rest.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <tuple>

namespace plimsoll::shim {
namespace {

// Only what nobody can have written to: those pages are the file's.
int give_back(dl_phdr_info* info, std::size_t, void*) {
  constexpr std::uintptr_t kPage = 4096;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t start = (info->dlpi_addr + segment.p_vaddr) & ~(kPage - 1);
    const std::uintptr_t end = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    std::ignore = ::madvise(reinterpret_cast<void*>(start),  // NOLINT(performance-no-int-to-ptr)
                            end - start, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void give_pages_back() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(give_back, nullptr);
}

}  // namespace plimsoll::shim
