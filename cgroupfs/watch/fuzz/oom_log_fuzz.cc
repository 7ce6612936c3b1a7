// The kernel's log: records, and what they say of OOM kills.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/text.h"
#include "cgroupfs/watch/oom_log.h"

namespace {

using namespace plimsoll;
using namespace plimsoll::cgroupfs;

void check(const LoggedKill& kill) {
  PLIMSOLL_CHECK(kill.pid > 0);
  PLIMSOLL_CHECK(kill.process.size() <= 16);
  PLIMSOLL_CHECK(kill.cgroup.find('\n') == std::string::npos || !kill.cgroup.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  OomLines lines;
  std::string_view line;
  while (next_line(text, line)) {
    const auto record = parse_kmsg_record(line);
    if (!record) {
      PLIMSOLL_CHECK(record.error().kind == ErrorKind::kMalformed);
      continue;
    }
    PLIMSOLL_CHECK(unescape_kmsg(record->text).size() <= record->text.size());
    const auto kill = lines.feed(*record);
    if (!kill) continue;
    PLIMSOLL_CHECK(record->from_kernel);
    check(*kill);
  }
  return 0;
}
