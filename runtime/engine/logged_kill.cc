#include "runtime/engine/logged_kill.h"

#include <chrono>

#include "cgroupfs/watch/kmsg.h"
#include "cgroupfs/watch/oom_log.h"

namespace plimsoll::engine {

namespace {

// The log's clock may be a little behind or ahead of ours.
constexpr std::chrono::seconds kDrift(1);
// Of drain(), which reads some thousand records each time: a flood ends this, too.
constexpr int kMostTurns = 64;

// The group itself or one below it; above it may be anything, as our own namespace does not show
// it.
bool is_within(std::string_view cgroup, std::string_view group) {
  while (!cgroup.empty()) {
    cgroup.remove_prefix(1);  // '/'
    const std::string_view component = cgroup.substr(0, cgroup.find('/'));
    if (component == group) return true;
    cgroup.remove_prefix(component.size());
  }
  return false;
}

}  // namespace

bool logs_tell_of_kill(const std::string& log, std::string_view group, MonoTime since) {
  const auto earliest =
      std::chrono::duration_cast<std::chrono::microseconds>(since.time_since_epoch() - kDrift);
  cgroupfs::KernelLog records(log);
  cgroupfs::OomLines lines;
  bool found = false;
  const auto take = [&](const cgroupfs::KmsgRecord& record) {
    const auto kill = lines.feed(record);
    if (kill && std::chrono::microseconds(kill->usec) >= earliest && is_within(kill->cgroup, group))
      found = true;
  };
  // An "oom-kill:" line may be told only when the next record has come: the kernel writes "Killed
  // process" after it.
  using Drained = cgroupfs::KernelLog::Drained;
  const MonoTime now = RealClock().now();
  for (int turn = 0; turn < kMostTurns && !found; ++turn)
    if (records.drain(now, take) != Drained::kPart) break;
  return found;
}

}  // namespace plimsoll::engine
