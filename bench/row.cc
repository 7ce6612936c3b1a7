#include "bench/row.h"

#include <cstdio>

namespace plimsoll::bench {

void row(std::size_t groups, const char* what, double value, const char* unit, double floor,
         double bar) {
  std::printf("%6zu  %-58s %10.3f %-9s", groups, what, value, unit);
  if (floor > 0) std::printf(" %6.2f x floor", value / floor);
  if (bar > 0)
    std::printf("  bar %-6g %s", bar,
                (floor > 0 ? value / floor : value) <= bar ? "met" : "MISSED");
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace plimsoll::bench
