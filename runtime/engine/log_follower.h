// One who reads a log, to its end or as it grows.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/engine/logs.h"
#include "runtime/engine/loop.h"
#include "runtime/engine/pool.h"

namespace plimsoll::engine {

class LogFollower : public std::enable_shared_from_this<LogFollower> {
 public:
  LogFollower(Loop& loop, Pool& pool, std::string path, const LogOptions& options,
              std::string details, Output output);

  void wake();   // There may be more. Any thread.
  void ended();  // The container said its last: what is there comes, then the end.
  void drop();   // Nobody listens any more.
  [[nodiscard]] bool done() const { return done_; }

 private:
  void pump();
  enum class Step : std::uint8_t { kWait, kLater, kEnd };
  [[nodiscard]] Step read();

  Loop& loop_;
  Pool& pool_;
  const LogOptions options_;
  const LogFilter filter_;
  const Output output_;
  std::atomic<bool> done_ = false;
  std::atomic<bool> last_ = false;
  LogCursor cursor_;  // Of whoever pumps.
  std::mutex mutex_;
  bool pumps_ = false;
  bool again_ = false;
};

}  // namespace plimsoll::engine
