#include "agent/startup_pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <optional>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

// "7f10-7f20 r-xp 00026000 fe:00 1234    /usr/lib/libc.so.6"
struct Mapping {
  PageRange pages;
  bool refillable = false;  // By its permissions and kind; its own pages come on a later line.
};

std::optional<Mapping> parse_mapping(std::string_view line) {
  std::string_view range, permissions, offset, device, inode, path;
  if (!next_word(line, range) || !next_word(line, permissions) || !next_word(line, offset) ||
      !next_word(line, device) || !next_word(line, inode))
    return std::nullopt;
  next_word(line, path);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || permissions.size() != 4) return std::nullopt;
  const auto begin = to_number<std::uintptr_t>(range.substr(0, dash), 16);
  const auto end = to_number<std::uintptr_t>(range.substr(dash + 1), 16);
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return Mapping{{*begin, *end},
                 permissions[1] == '-' && permissions[3] == 'p' && path.starts_with('/')};
}

// A field's line starts with its name and a colon, a mapping's with its addresses.
bool is_field(std::string_view line) {
  std::string_view word;
  return next_word(line, word) && word.ends_with(':');
}

// "Anonymous:             8 kB"
std::optional<std::uint64_t> own_pages_kib(std::string_view line) {
  constexpr std::string_view kName = "Anonymous:";
  if (!line.starts_with(kName)) return std::nullopt;
  line.remove_prefix(kName.size());
  std::string_view number;
  next_word(line, number);
  return to_number<std::uint64_t>(number);
}

}  // namespace

Result<std::vector<PageRange>> clean_file_pages(std::string_view smaps) {
  std::vector<PageRange> clean;
  std::optional<Mapping> current;
  std::string_view line;
  while (next_line(smaps, line)) {
    if (!is_field(line)) {
      current = parse_mapping(line);
      if (!current) return malformed(line);
      continue;
    }
    if (!current) return malformed(line);
    // A mapping without this line is left alone: it is not known to be clean.
    if (const auto own = own_pages_kib(line); own == 0 && current->refillable)
      clean.push_back(current->pages);
  }
  return clean;
}

Result<std::uint64_t> release_startup_pages() {
  constexpr const char* kSmaps = "/proc/self/smaps";
  const Fd file(::open(kSmaps, O_RDONLY | O_CLOEXEC));
  if (!file) return os_failure("open", kSmaps);
  ReadBuffer buffer;
  const std::string_view text = PLIMSOLL_TRY(buffer.read_all(file, kSmaps));
  std::uint64_t released = 0;
  for (const PageRange& pages : PLIMSOLL_TRY(clean_file_pages(text))) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses as the kernel printed them.
    if (::madvise(reinterpret_cast<void*>(pages.begin), pages.end - pages.begin, MADV_DONTNEED) !=
        0)
      return os_failure("madvise", kSmaps);
    released += pages.end - pages.begin;
  }
  return released;
}

}  // namespace plimsoll::agent
