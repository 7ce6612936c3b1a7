// Nested keyed files: pressure, numa_stat, misc, rdma; and the file names of hugetlb.
#include "cgroupfs/parse/fuzz/check.h"
#include "cgroupfs/parse/hugetlb.h"
#include "cgroupfs/parse/named.h"
#include "cgroupfs/parse/numa_stat.h"
#include "cgroupfs/parse/pressure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::cgroupfs;
  const std::string_view text = as_text(data, size);
  check_cursor(text, NumaStat(text, NumaFormat::kV1));
  check_cursor(text, NumaStat(text, NumaFormat::kV2));
  check_cursor(text, MiscLines(text));
  check_cursor(text, RdmaLines(text));
  const auto pressure = parse_pressure(text);
  if (pressure)
    check_whole(text);
  else
    check_refusal(text, pressure.error());
  const auto page_size = hugetlb_page_size(text);
  PLIMSOLL_CHECK(!page_size || text.find(*page_size) == sizeof("hugetlb.") - 1);
  return 0;
}
