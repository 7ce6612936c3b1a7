// A kernel that says anything in its files: a plan is made all the same, or refused, and what it
// calls possible the model accepts. Input: lines "version group file text", '\n' in texts as '|'.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::limit {
namespace {

std::vector<Wanted> wanted(int version) {
  if (version == 1)
    return {{"/a", limits_of({"cpus=0.5", "cpu.period=50ms", "cpu.burst=1ms", "cpuset.cpus=1-2",
                              "memory=64M", "memory.swap=0", "freeze=on", "io.rbps=8:0=1M",
                              "memory.oom_kill_disable=on"})},
            {"/a/b", limits_of({"cpus=unset", "cpuset.cpus=unset", "memory=unset",
                                "memory.swap=unset", "pids=7"})}};
  return {{"/a", limits_of({"cpus=0.5", "cpu.weight=7", "cpuset.cpus=1-2", "memory=64M",
                            "io.rbps=8:0=1M", "io.weight=8:0=50", "freeze=on"})},
          {"/a/b", limits_of({"cpus=unset", "cpuset.cpus=unset", "memory.high=1M", "pids=7",
                              "hugetlb.max=2MB=4M"})}};
}

void check(const ViewOf& host, int version) {
  const Plan plan = make_plan(host.view(), wanted(version));
  PLIMSOLL_CHECK(plan.writes.empty() || !to_text(plan).empty());
  FakeKernel kernel(host.view());
  for (const Write& write : plan.writes) {
    const auto done = kernel.write(write.at, write.file, write.new_text);
    PLIMSOLL_CHECK((done ? 0 : done.error().os_error) == write.predicted_errno);
    if (!done) continue;
    const auto text = kernel.read(write.at, write.file);
    PLIMSOLL_CHECK(text && reads_as_expected(write, *text));
  }
}

}  // namespace
}  // namespace plimsoll::limit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  using namespace plimsoll::limit;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::array<ViewOf, 2> hosts = {ViewOf(1, {"/a", "/a/b"}), ViewOf(2, {"/a", "/a/b"})};
  for (std::string_view line; next_line(input, line);) {
    std::string_view version;
    std::string_view group;
    std::string_view file;
    if (!next_word(line, version) || !next_word(line, group) || !next_word(line, file)) continue;
    if (group != "/" && group != "/a" && group != "/a/b") continue;
    std::string text(line.substr(std::min<std::size_t>(line.size(), 1)));
    std::ranges::replace(text, '|', '\n');
    hosts.at(version == "2" ? 1 : 0).set(std::string(group), std::string(file), text);
  }
  check(hosts[0], 1);
  check(hosts[1], 2);
  return 0;
}
