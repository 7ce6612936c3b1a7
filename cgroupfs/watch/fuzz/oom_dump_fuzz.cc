// The kernel's log: reports of a shortage.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/text.h"
#include "cgroupfs/watch/oom_dump.h"

using namespace plimsoll;
using namespace plimsoll::cgroupfs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  OomLines lines;
  OomDumps dumps(4096);
  std::string_view line;
  while (next_line(text, line)) {
    // As many lines as possible reach the parsers behind the record's head.
    const auto parsed = parse_kmsg_record(line);
    const KmsgRecord record =
        parsed ? *parsed : KmsgRecord{.from_kernel = true, .sequence = 1, .text = line};
    const auto dump = dumps.feed(record, lines.feed(record));
    if (!dump) continue;
    PLIMSOLL_CHECK(dump->kill || dump->victim);
    PLIMSOLL_CHECK(dump->tasks.size() <= OomDumps::kMostTasks);
    for (const OomTask& task : dump->tasks)
      PLIMSOLL_CHECK(task.pid > 0 && task.process.size() <= 15);
    if (dump->victim) PLIMSOLL_CHECK(dump->victim->pid > 0 && dump->victim->process.size() <= 16);
  }
  return 0;
}
