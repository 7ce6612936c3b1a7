#include "cgroupfs/parse/cpu_list.h"

#include "base/number.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

namespace {

// CPUs in "7" or "0-3"; 0 when it is neither.
std::uint64_t range_size(std::string_view range) {
  const std::size_t dash = range.find('-');
  const auto first = to_number<std::uint32_t>(range.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : to_number<std::uint32_t>(range.substr(dash + 1));
  if (!first || !last || *last < *first) return 0;
  return std::uint64_t{*last} - *first + 1;
}

}  // namespace

Result<CpuList> parse_cpu_list(std::string_view text) {
  if (text.empty() || text.find('\n') != text.size() - 1) return malformed(first_line(text));
  CpuList list{text.substr(0, text.size() - 1), 0};
  for (std::string_view rest = list.text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::uint64_t size = range_size(rest.substr(0, comma));
    if (size == 0 || comma + 1 == rest.size()) return malformed(list.text);
    list.count += size;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return list;
}

}  // namespace plimsoll::cgroupfs
