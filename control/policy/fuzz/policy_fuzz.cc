// Whatever the text of a policy file: decoding ends, every problem has a place in it, and what was
// accepted decides something for a container without ado.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "control/policy/decide.h"
#include "control/policy/decode.h"
#include "control/policy/json.h"
#include "control/policy/ties.h"

namespace plimsoll::policy {
namespace {

class Utc final : public Zone {
 public:
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds) const override {
    return std::chrono::seconds(0);
  }
};

void check(std::string_view text) {
  const Decoded decoded = decode("x.yaml", text);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const Problem& problem : decoded.problems)
    // A '\r' ends a line of YAML as well.
    PLIMSOLL_CHECK(!problem.what.empty() && problem.at.line <= lines + text.size());
  if (!decoded.problems.empty()) return;
  (void)ties_of(decoded.rules);
  inventory::Identity container;
  container.runtime = inventory::Runtime::kDocker;
  container.display = container.name = "web";
  container.cgroup = "/docker/web";
  Situation situation;
  situation.host = {.memory_bytes = std::uint64_t{1} << 33, .cpus = 4, .pids = 32768};
  situation.observed = {.span = std::chrono::hours(1000),
                        .memory = Use{~std::uint64_t{0}, ~std::uint64_t{0}},
                        .nano_cpus = Use{1, 1},
                        .pids = Use{0, 0}};
  const Decision decision = decide(decoded.rules, container, situation, Utc());
  for (const KnobDecision& knob : decision.knobs)
    for (const Candidate& one : knob.candidates)
      PLIMSOLL_CHECK(!one.setting || limit::with({}, *one.setting));
  PLIMSOLL_CHECK(!decision.next_change || *decision.next_change >= situation.now);
  PLIMSOLL_CHECK(!decision_json(decision).empty());
  PLIMSOLL_CHECK(!policy_json({{"x.yaml"}, decoded.rules, {}}, {}).empty());
}

}  // namespace
}  // namespace plimsoll::policy

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  plimsoll::policy::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
