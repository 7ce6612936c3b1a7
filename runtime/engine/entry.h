// One container in this program's memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/engine/attachment.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/log_follower.h"
#include "runtime/engine/loop.h"
#include "runtime/engine/stored.h"
#include "runtime/shim/client.h"

namespace plimsoll::engine {

// A container's life between one start and its end.
struct Run {
  pid_t keeper = 0;
  DirFd dir;                                   // The keeper's.
  std::optional<shim::Connection> connection;  // The loop's: told of the end.
  MonoTime begun;
};

struct Waiter {
  WaitFor what = WaitFor::kNotRunning;
  std::function<void(WaitResult)> done;
  bool cancelled = false;
};

struct Prober;  // health.cc

struct Entry {
  explicit Entry(std::string name) : id(std::move(name)) {}

  const std::string id;
  // Held by whoever changes the container. May be held for as long as a start takes.
  std::mutex change;

  // --- Guarded by `change`. ---
  Stored stored;
  std::shared_ptr<Run> run;
  bool keeps_itself = false;                       // Being restarted: not removed at its end.
  bool gone = false;                               // Removed while somebody waited for `change`.
  bool passing = false;                            // Its record goes with the machine's run.
  std::optional<std::string> upper;                // Where its changes are, once asked for.
  std::vector<std::shared_ptr<Attachment>> early;  // Attached before the start.
  std::optional<Loop::Timer> restart;
  std::chrono::milliseconds back_off{0};
  std::shared_ptr<Prober> prober;

  // --- Guarded by `look`, which is held for moments only. ---
  mutable std::mutex look;
  std::condition_variable ended;  // `ends` or `seen` changed.
  ContainerPtr seen;
  std::uint64_t ends = 0;  // How many runs have come to their end.
  std::vector<std::shared_ptr<Waiter>> waiters;
  std::vector<std::shared_ptr<LogFollower>> followers;
  std::vector<std::string> exec_ids;
};
using EntryPtr = std::shared_ptr<Entry>;

}  // namespace plimsoll::engine
