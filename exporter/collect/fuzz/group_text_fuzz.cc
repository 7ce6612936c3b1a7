// Text of PROC and netlink answers that the optional groups read: no crash, and what was accepted
// makes sense.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "exporter/collect/process_text.h"
#include "exporter/collect/processes.h"
#include "exporter/collect/resctrl.h"
#include "exporter/collect/socket_text.h"
#include "exporter/collect/task_states.h"
#include "exporter/collect/topology.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::exporter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_schedstat(text));
  static_cast<void>(parse_open_files_limit(text));
  static_cast<void>(parse_task_state(text));
  static_cast<void>(cache_bytes(text));
  static_cast<void>(parse_family_answer(text));
  static_cast<void>(parse_cgroupstats_answer(text));
  if (const auto bytes = parse_referenced(text)) PLIMSOLL_CHECK(*bytes % 1024 == 0);
  if (const auto ids = parse_ids(text))
    for (const std::int32_t id : *ids) PLIMSOLL_CHECK(id > 0);
  if (const auto states = count_tcp(text)) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : *states) sum += count;
    PLIMSOLL_CHECK(sum <= text.size());
  }
  if (const auto sockets = count_udp(text)) PLIMSOLL_CHECK(sockets->sockets <= text.size());
  for (const char* protocol : {"Tcp", "TcpExt"})
    if (auto counters = parse_tcp_counters(text, protocol))
      PLIMSOLL_CHECK(in_order(*std::move(counters)).size() <= tcp_counter_names().size());
  // A name with a slash would lead out of resctrl.
  if (const auto place = parse_resctrl_place(text)) {
    PLIMSOLL_CHECK(place->monitor == "/" || place->monitor.find('/') == std::string::npos);
    PLIMSOLL_CHECK(!place->control || place->control->find('/') == std::string::npos);
  }
  return 0;
}
