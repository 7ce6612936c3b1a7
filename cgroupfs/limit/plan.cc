#include "cgroupfs/limit/plan.h"

#include <algorithm>

namespace plimsoll::limit {

bool Plan::ok() const {
  return refusals.empty() &&
         std::ranges::all_of(writes, [](const Write& write) { return write.predicted_errno == 0; });
}

}  // namespace plimsoll::limit
