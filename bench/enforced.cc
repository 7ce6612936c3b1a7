#include "bench/enforced.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "bench/row.h"
#include "bench/trusted.h"

namespace plimsoll::bench {
namespace {

double on_the_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace

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
    const double begun = on_the_clock(CLOCK_THREAD_CPUTIME_ID);
    if (!trusted.run(plan, port)) return false;
    costs.push_back((on_the_clock(CLOCK_THREAD_CPUTIME_ID) - begun) * 1e6 /
                    static_cast<double>(plan.writes.size()));
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
    const double begun = on_the_clock(CLOCK_MONOTONIC);
    if (!trusted.run(plan, port)) return false;
    times.push_back((on_the_clock(CLOCK_MONOTONIC) - begun) * 1e3);
  }
  row(1, ("a change of 12 knobs, " + where + ", p50").c_str(), percentile(times, 0.5), "ms");
  row(1, ("a change of 12 knobs, " + where + ", p99").c_str(), percentile(times, 0.99), "ms", 0, 1);
  return true;
}

}  // namespace plimsoll::bench
