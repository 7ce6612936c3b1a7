// What containers use, at once and as a stream, each time with a sample that came before.
//
// The sample that a client was shown is kept and is the "before" of the next; when the last one is
// too old or there is none, two are taken a tenth of a second apart. Nothing is sampled while
// nobody asks. Thread: all methods from any.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/docker/usage_reader.h"

namespace plimsoll::docker {

struct UsagePair {
  Usage now;
  std::optional<Usage> before;
};

class StatsService {
 public:
  StatsService(UsageReader reader, const Clock& clock)
      : reader_(std::move(reader)), clock_(clock) {}

  // Blocks for a tenth of a second at most.
  [[nodiscard]] UsagePair twice(const engine::Container& container);
  // A sample now, with the last one before it, if there is one.
  [[nodiscard]] UsagePair once(const engine::Container& container);
  // A container has started: its first sample.
  void started(const engine::Container& container) { (void)once(container); }
  void forget(const std::string& id);

 private:
  [[nodiscard]] std::optional<Usage> recent(const std::string& id) const;

  const UsageReader reader_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Usage> last_;  // Of containers that run.
};

}  // namespace plimsoll::docker
