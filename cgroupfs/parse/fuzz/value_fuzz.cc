// Files of one value or one list of them.
#include <string>

#include "cgroupfs/parse/cgroup_state.h"
#include "cgroupfs/parse/cpu_list.h"
#include "cgroupfs/parse/cpu_max.h"
#include "cgroupfs/parse/cpuacct.h"
#include "cgroupfs/parse/fuzz/check.h"
#include "cgroupfs/parse/io_limit.h"
#include "cgroupfs/parse/pids.h"
#include "cgroupfs/parse/single.h"

namespace plimsoll::cgroupfs {
namespace {

// Accepted text, leading zeros aside, is what the value prints as.
void check_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return check_refusal(text, number.error());
  std::string_view digits = text.substr(0, text.size() - 1);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  PLIMSOLL_CHECK(std::to_string(*number) == digits);
}

template <class Parse>
void check_value(std::string_view text, Parse parse) {
  const auto parsed = parse(text);
  if (!parsed) return check_refusal(text, parsed.error());
  check_whole(text);
}

}  // namespace
}  // namespace plimsoll::cgroupfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::cgroupfs;
  const std::string_view text = as_text(data, size);
  check_number(text);
  check_value(text, parse_limit);
  check_value(text, parse_v1_bytes_limit);
  check_value(text, parse_cfs_quota_us);
  check_value(text, parse_flag);
  check_value(text, parse_cpu_max);
  check_value(text, parse_cpu_list);
  check_value(text, parse_freezer_state);
  check_value(text, parse_io_weight);
  check_value(text, count_procs);
  check_cursor(text, UsagePercpu(text));
  return 0;
}
