// Taking memory away from a running container without killing anything in it.
//
// v2 kills when memory.max is set below what cannot be reclaimed (mm/memcontrol.c,
// memory_max_write), v1 says EBUSY; both may keep the writer for long. So the floor is reckoned
// first, then memory is reclaimed in slices that each take milliseconds, up to a deadline, and only
// then the limit is written. A slice that goes too far costs nothing but cache.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/view.h"
#include "control/enforcer/enforcer.h"

namespace plimsoll::control {

struct ShrinkOptions {
  // What to do when the limit is below what cannot be reclaimed. kForce leaves it to the kernel,
  // which on v2 kills.
  enum class BelowFloor : std::uint8_t { kRefuse, kForce } below_floor = BelowFloor::kRefuse;
  std::chrono::nanoseconds deadline = std::chrono::seconds(10);
  std::uint64_t slice = std::uint64_t{16} << 20;
  std::chrono::milliseconds pause{5};  // After a slice that brought nothing.
  // Of the host. Without swap, anonymous memory cannot be reclaimed.
  std::uint64_t free_swap = 0;
};

struct MemoryNow {
  std::uint64_t usage = 0;
  std::uint64_t unreclaimable = 0;
  bool operator==(const MemoryNow&) const = default;
};
// Anonymous and shared memory beyond what swap can still take, locked pages, and the kernel's own;
// what is counted twice counts once. Where a kernel does not say something, it is taken to be none.
[[nodiscard]] Result<std::uint64_t> unreclaimable_v2(std::string_view memory_stat,
                                                     std::uint64_t swap_room);
[[nodiscard]] Result<std::uint64_t> unreclaimable_v1(std::string_view memory_stat,
                                                     std::uint64_t kernel_memory,
                                                     std::uint64_t swap_room);

// The least limit that is safe: a twentieth above what cannot be reclaimed, in whole pages.
[[nodiscard]] std::uint64_t safe_floor(const MemoryNow& now);

// `write` lowers a limit that reclaims: memory.max, memory.high, or v1's memory.limit_in_bytes.
[[nodiscard]] bool is_shrink(const limit::Write& write);

// With room to spare: there is nothing to reclaim before this shrinking write.
[[nodiscard]] bool fits(const limit::Write& write, limit::KernelPort& port);

// A plan in which memory.high holds a group down while its memory.max is lowered: between looking
// at the usage and writing the limit it could grow again, and v2 would kill. memory.high is put
// back right after. Groups whose memory.high the plan writes anyway are left as planned.
[[nodiscard]] limit::Plan with_guards(limit::Plan plan, const limit::KernelView& view);

// In front of every shrinking write: reclaims until the limit fits. Fails with kRejected below the
// floor, which it names, and with kBusy at the deadline; then the file is as it was. Runs on the
// thread of Enforcer::run(). `clock` must outlive it.
[[nodiscard]] Gate shrink_gate(const Clock& clock, const ShrinkOptions& options);

}  // namespace plimsoll::control
