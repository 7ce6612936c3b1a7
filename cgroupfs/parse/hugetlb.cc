#include "cgroupfs/parse/hugetlb.h"

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {
constexpr auto kEventKeys = std::to_array<Key<HugetlbEvents>>({{"max", &HugetlbEvents::max}});
}

std::optional<std::string_view> hugetlb_page_size(std::string_view file_name) {
  constexpr std::string_view kPrefix = "hugetlb.";
  if (!file_name.starts_with(kPrefix)) return std::nullopt;
  file_name.remove_prefix(kPrefix.size());
  const std::string_view size = file_name.substr(0, file_name.find('.'));
  if (size.size() == file_name.size()) return std::nullopt;
  // mem_fmt() of the kernel prints a number and KB, MB or GB.
  const Digits digits = take_digits(size);
  const std::string_view unit = size.substr(digits.size);
  if (digits.size == 0 || (unit != "KB" && unit != "MB" && unit != "GB")) return std::nullopt;
  return size;
}

Result<HugetlbEvents> parse_hugetlb_events(std::string_view text) {
  return parse_keyed(text, kEventKeys);
}

}  // namespace plimsoll::cgroupfs
