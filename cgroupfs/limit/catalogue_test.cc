// docs/limits.md is printed from the catalogue:
//   PLIMSOLL_WRITE_DOCS=1 plimsoll_cgroupfs_limit_test --gtest_filter='CatalogueDocs.*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "cgroupfs/limit/knob.h"

namespace plimsoll::limit {
namespace {

constexpr std::string_view kIntroduction = R"(# Limits

What can be limited, from the catalogue in `cgroupfs/limit/knob.cc`. Each knob is left alone, set to a value, or unset, which is
the kernel's default again.

- Bytes: `64M`, `1.5G` (powers of 1024), `50%` of the host's memory, `max`. Bytes per second: the same without percent.
- Counts: `100`, `2k` (powers of 1000), `max`; `pids.max` also in percent of `kernel.pid_max`.
- CPU time: `0.25`, `0.25 cpus`, `25%` (of one CPU, so `200%` are two), time per period as `25ms`, `max`. A bare number is CPUs.
- Time: `100000` (microseconds), `100ms`, `0.1s`. Switches: `on`, `off`. Lists: `0-3,7`.
- Per device: `254:0=10M`, the number of a whole disk; per size of huge pages: `2MB=64M`. `io.weight` and `io.bfq.weight` without
  a device are the default of all.

Rounding (to a page, to a microsecond) is said in the plan; what a kernel would change otherwise, or accept without effect, is
refused with the reason ([0015](decisions/0015-typed-limits.md)).

| knob | also | values | range | v1 file | v2 file | unset is (v1, v2) | |
|---|---|---|---|---|---|---|---|
)";

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::kNumber:
    case Unit::kPercentOfHundred:
      return "number";
    case Unit::kCount:
      return "count";
    case Unit::kBytes:
      return "bytes";
    case Unit::kBytesPerSecond:
      return "bytes/s";
    case Unit::kMicroseconds:
      return "time";
    case Unit::kCpuTime:
      return "CPU time";
    case Unit::kSwitch:
      return "switch";
    case Unit::kIds:
      return "list";
    case Unit::kKeys:
      break;
  }
  return "keys";
}

std::string_view name_of(Detail detail) {
  switch (detail) {
    case Detail::kNone:
      return "";
    case Detail::kDevice:
      return " per device";
    case Detail::kOptionalDevice:
      return " (per device)";
    case Detail::kPageSize:
      break;
  }
  return " per page size";
}

std::string code(std::string_view text) {
  return text.empty() ? "-" : "`" + std::string(text) + "`";
}

std::string range(const KnobInfo& info) {
  if (info.unit == Unit::kSwitch || info.unit == Unit::kIds || info.unit == Unit::kKeys) return "";
  std::string text = std::to_string(info.min) + " to ";
  // Where the type ends and not the kernel's interest.
  return info.max >= std::uint64_t{1} << 62 ? text + "max" : text + std::to_string(info.max);
}

std::string document() {
  std::string out(kIntroduction);
  for (const KnobInfo& info : catalogue()) {
    out += "| `" + std::string(info.name) + "` | " + (info.alias.empty() ? "" : code(info.alias)) +
           " | ";
    out.append(name_of(info.unit)).append(name_of(info.detail)).append(" | ");
    out += range(info) + " | " + code(info.file_v1) + " | " + code(info.file_v2) + " | ";
    out += code(info.default_v1) + ", " + code(info.default_v2) + " | " + std::string(info.help) +
           " |\n";
  }
  out +=
      "\n`-` among the files: that version has no such control, and a request is refused. Unset is "
      "the parent's value for "
      "`cpuset.cpus`, `cpuset.mems`\nand `memory.swappiness` on v1. `%` is the size of the huge "
      "pages.\n";
  return out;
}

TEST(CatalogueDocs, AreTheCatalogue) {
  const char* path = PLIMSOLL_SOURCE_DIR "/docs/limits.md";
  if (::getenv("PLIMSOLL_WRITE_DOCS") != nullptr) std::ofstream(path) << document();
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, document()) << "write it again, as the head of this test says";
}

}  // namespace
}  // namespace plimsoll::limit
