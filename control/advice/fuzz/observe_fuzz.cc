// An exporter's JSON as advice reads it.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "control/advice/advise.h"

using namespace plimsoll;
using namespace plimsoll::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto overview = parse_overview(text)) PLIMSOLL_CHECK(overview->ids.size() <= size);
  const auto seen = parse_observation(text);
  if (!seen) {
    PLIMSOLL_CHECK(seen.error().kind == ErrorKind::kMalformed);
    return 0;
  }
  const Advice advice = advise(*seen, {.min_seen = std::chrono::seconds(0), .min_samples = 0});
  for (const Proposal& proposal : advice.proposals)
    PLIMSOLL_CHECK(std::isfinite(proposal.value) && proposal.value > 0 && !proposal.why.empty());
  (void)to_text(advice);
  const Headroom room = headroom_of({&*seen, 1}, {.memory = 1 << 20, .cores = 1});
  (void)to_json({&advice, 1}, room);
  return 0;
}
