#include "bench/enforced.h"

#include <cstdio>
#include <vector>

#include "bench/measure.h"
#include "bench/row.h"
#include "bench/trusted.h"

namespace plimsoll::bench {
bool bench_enforced(std::size_t count, const std::string& directory, const std::string& where,
                    const Turns& turns, limit::KernelPort& port) {
  const auto made = Trusted::make(directory);
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message().c_str());
    return false;
  }
  Trusted& trusted = **made;
  std::vector<double> costs;
  for (int round = 0; round < 6; ++round) {
    const limit::Plan plan = turns.all(round % 2 == 1);
    const double begun = thread_cpu();
    if (!trusted.run(plan, port)) return false;
    costs.push_back((thread_cpu() - begun) * 1e6 / static_cast<double>(plan.writes.size()));
  }
  // 50 us are 20 000 a second.
  row(count, ("verified, journalled, audited write, " + where).c_str(), percentile(costs, 0.5),
      "us", 0, 50);
  std::vector<double> times;
  // The last of the rounds was an odd one. Planned once, both ways fit as long as they alternate.
  const limit::Plan even = turns.one(false);
  if (!trusted.run(even, port)) return false;
  const limit::Plan odd = turns.one(true);
  constexpr int kChanges = 1000;
  for (int i = 0; i < kChanges; ++i) {
    const limit::Plan& plan = i % 2 == 0 ? odd : even;
    const double begun = wall_now();
    if (!trusted.run(plan, port)) return false;
    times.push_back((wall_now() - begun) * 1e3);
  }
  row(1, ("a change of 12 knobs, " + where + ", p50").c_str(), percentile(times, 0.5), "ms");
  row(1, ("a change of 12 knobs, " + where + ", p99").c_str(), percentile(times, 0.99), "ms", 0, 1);
  return true;
}

}  // namespace plimsoll::bench
