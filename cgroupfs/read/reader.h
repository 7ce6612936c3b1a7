// Reads one tick's numbers of many cgroups in one call.
//
// A seam: the text reader (files held open and pread, or openat when descriptors are short) is one
// implementation; a BPF iterator may be another, with the text reader as its oracle. Called from
// the sampler thread only; what it does with a second one is its own affair.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "cgroupfs/read/group.h"
#include "cgroupfs/read/sample.h"
#include "cgroupfs/tree/layout.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::cgroupfs {

enum class ReadOutcome : std::uint8_t {
  kRead,  // The due tiers were read.
  kIdle,  // CPU usage did not move since the hot files were last read (its own or, not looked at
          // itself, that of a target above it, which includes it), nor did memory usage, which
          // is looked at every fourth visit: nothing else was read now, warm files included; only
          // the sample's usage_at() is new. Never with `full` or when kSlow is due.
  kGone   // The group was removed meanwhile, from every hierarchy: the sample holds the last values
          // that could be read; drop it.
};

struct ReadTarget {
  const Cgroup* cgroup = nullptr;
  CgroupSample* sample = nullptr;  // Filled in place; what is not due keeps its value and stamp.
  TierSet due;
  // Read the hot files even if the group looks idle (a scrape, or the periodic full refresh).
  bool full = false;
  ReadOutcome outcome = ReadOutcome::kRead;  // Out.
};

struct ReaderOptions {
  GroupSet groups = GroupSet::defaults();
  // Files held open per cgroup at most, its hot ones, then warm ones; fewer when the two budgets
  // below say so.
  std::size_t held_per_cgroup = 5;
  // Descriptors this reader may hold open in all. The owner derives it from RLIMIT_NOFILE less what
  // else it needs.
  std::size_t max_held = 10'000;
  // Kernel memory the held files may pin: each costs about 4.3 KiB (its seq_file buffer). 0 = no
  // limit.
  std::size_t max_kernel_bytes = std::size_t{128} << 20;
  bool skip_idle = true;
  // So many groups that are all read in full at once are read by two threads: half the time of who
  // waits for them, at the same CPU time. 0: never.
  std::size_t two_threads_from = 512;
};

struct ReaderStats {
  std::size_t held = 0;               // Descriptors open now.
  std::size_t held_per_cgroup = 0;    // What the policy allows each cgroup at the moment.
  std::uint64_t kernel_bytes = 0;     // Estimate for them.
  std::uint64_t reads = 0;            // Files read since the start ...
  std::uint64_t opens = 0;            // ... and opened for it, ...
  std::uint64_t directory_opens = 0;  // ... in directories opened for the occasion.
  std::uint64_t idle = 0;             // Cgroup-ticks skipped as idle.
  std::uint64_t gone = 0;
  std::map<std::string, std::uint64_t, std::less<>>
      malformed;  // By file name: text we did not understand.
  std::map<std::string, std::uint64_t, std::less<>> denied;  // By file name: EACCES and the like.
  std::map<std::string, std::uint64_t, std::less<>> failed;  // By file name: any other error.
};

inline constexpr std::size_t kKernelBytesPerHeldFile =
    4400;  // Measured, kernel 6.18: 4.1 to 4.3 KiB, 4.6 on 6.1.

class CgroupReader {
 public:
  virtual ~CgroupReader() = default;
  // Reads every target's due tiers. Targets are ordered so that a parent stands before its children
  // (the parent's memory.stat flushes the subtree's counters once). Never fails as a whole: see
  // each target's outcome and stats().
  virtual void read(std::span<ReadTarget> targets) = 0;
  // The group is no longer sampled: closes what is held for it. Unknown serials are fine.
  virtual void forget(std::uint64_t serial) = 0;
  [[nodiscard]] virtual ReaderStats stats() const = 0;
};

// `layout` and `clock` must outlive the reader.
[[nodiscard]] std::unique_ptr<CgroupReader> make_text_reader(const Layout& layout,
                                                             const Clock& clock,
                                                             ReaderOptions options);

}  // namespace plimsoll::cgroupfs
