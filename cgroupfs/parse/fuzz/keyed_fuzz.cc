// Flat keyed files.
#include <string>

#include "cgroupfs/parse/cgroup_state.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/cpuacct.h"
#include "cgroupfs/parse/fuzz/check.h"
#include "cgroupfs/parse/memory_events.h"
#include "cgroupfs/parse/memory_stat.h"
#include "cgroupfs/parse/pids.h"

namespace plimsoll::cgroupfs {
namespace {

template <class Parse>
void check_keyed(std::string_view text, Parse parse) {
  const auto parsed = parse(text);
  if (!parsed) return check_refusal(text, parsed.error());
  check_whole(text);
  // A line of a newer kernel changes nothing; a bad one spoils it.
  const std::string longer = std::string(text) + "key_of_the_future 1\n";
  const auto again = parse(longer);
  PLIMSOLL_CHECK(again.has_value() && *again == *parsed);
  PLIMSOLL_CHECK(!parse(std::string(text) + "nothing\n").has_value());
}

}  // namespace
}  // namespace plimsoll::cgroupfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::cgroupfs;
  const std::string_view text = as_text(data, size);
  check_keyed(text, parse_cpu_stat_v1);
  check_keyed(text, parse_cpu_stat_v2);
  check_keyed(text, parse_cpuacct_stat);
  check_keyed(text, parse_memory_stat_v1);
  check_keyed(text, parse_memory_stat_v2);
  check_keyed(text, parse_memory_events);
  check_keyed(text, parse_cpu_stat_local);
  check_keyed(text, parse_swap_events);
  check_keyed(text, parse_memory_oom_control);
  check_keyed(text, parse_cgroup_events);
  check_keyed(text, parse_cgroup_stat);
  check_keyed(text, parse_pids_events);
  return 0;
}
