#include "exporter/collect/self.h"

namespace plimsoll::exporter {

void DurationHistogram::observe(double seconds) {
  std::size_t i = 0;
  while (i < kBounds.size() && seconds > kBounds[i]) ++i;
  ++buckets[i];
  sum += seconds;
  ++count;
}

}  // namespace plimsoll::exporter
