#include "bench/enforced.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "bench/row.h"
#include "control/audit/audit_log.h"
#include "control/enforcer/enforcer.h"
#include "control/journal/journal.h"
#include "control/store/dir_store.h"
#include "control/store/moment.h"

namespace plimsoll::bench {
namespace {

const std::string kBoot = "bench";

double on_the_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Journal, audit log and what writes them, in a directory of their own that goes with them.
class Trusted {
 public:
  static Result<std::unique_ptr<Trusted>> make(const std::string& parent) {
    std::string path = parent + "/plimsoll-test-bench-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return os_failure("mkdtemp", path);
    std::unique_ptr<Trusted> made(new Trusted(path));
    made->store_ = PLIMSOLL_TRY(control::DirStore::open(path));
    made->journal_ = PLIMSOLL_TRY(control::Journal::open(*made->store_, control::now(kBoot)));
    made->audit_ = PLIMSOLL_TRY(control::AuditLog::open(*made->store_, control::now(kBoot).wall));
    made->enforcer_ = std::make_unique<control::Enforcer>(*made->journal_, *made->audit_);
    return made;
  }
  ~Trusted() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Trusted(const Trusted&) = delete;
  Trusted& operator=(const Trusted&) = delete;

  bool run(const limit::Plan& plan, limit::KernelPort& port) {
    const auto outcome = enforcer_->run(
        plan, {.cause = {.comm = "plimsoll", .rule = "bench"}, .now = control::now(kBoot)}, port);
    if (!outcome.done()) std::fprintf(stderr, "%s\n", outcome.error->message().c_str());
    return outcome.done();
  }

 private:
  explicit Trusted(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::unique_ptr<control::DirStore> store_;
  std::unique_ptr<control::Journal> journal_;
  std::unique_ptr<control::AuditLog> audit_;
  std::unique_ptr<control::Enforcer> enforcer_;
};

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
