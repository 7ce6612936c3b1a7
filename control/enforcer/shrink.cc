#include "control/enforcer/shrink.h"

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/number.h"
#include "cgroupfs/parse/memory_stat.h"

namespace plimsoll::control {
namespace {

constexpr std::uint64_t kPage = 4096;
// Exactly what is missing would never be enough of a group that grows.
constexpr std::uint64_t kLeastReclaim = std::uint64_t{1} << 20;
constexpr std::uint64_t kLeastSlice = std::uint64_t{256} << 10;
// Slices in a row that brought nothing: more will not come.
constexpr int kMostIdle = 8;
// v1's unlimited is LONG_MAX in whole pages.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

std::optional<std::uint64_t> finite(std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  return number && *number < kUnlimited ? number : std::nullopt;
}

std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

std::string mib(std::uint64_t bytes) {
  return std::to_string((bytes + (1U << 20U) - 1) >> 20U) + " MiB";
}

// For one write that shrinks.
class Shrink {
 public:
  Shrink(const limit::Write& write, limit::KernelPort& port, const Clock& clock,
         const ShrinkOptions& options)
      : write_(write),
        port_(port),
        clock_(clock),
        options_(options),
        target_(*finite(write.new_text)),
        v1_(write.file == "memory.limit_in_bytes"),
        end_(clock.now() + options.deadline) {}

  Result<> run() {
    const MemoryNow now = PLIMSOLL_TRY(look());
    const bool force = options_.below_floor == ShrinkOptions::BelowFloor::kForce;
    if (target_ < safe_floor(now) && !force)
      return failure(ErrorKind::kRejected, "shrink",
                     write_.at.cgroup + ": " + mib(target_) +
                         " is too little: " + mib(now.unreclaimable) + " of " + mib(now.usage) +
                         " in use cannot be reclaimed; the least that is safe is " +
                         mib(safe_floor(now)));
    auto shrunk = v1_ ? step_limit(now.usage) : reclaim(now.usage);
    // Told to go on whatever it costs, the kernel gets the last word.
    if (!shrunk && force && shrunk.error().kind == ErrorKind::kBusy) return {};
    return shrunk;
  }

 private:
  Result<MemoryNow> look() {
    std::string stat = PLIMSOLL_TRY(port_.read(write_.at, "memory.stat"));
    stat += '\n';  // The port takes it; a parser takes a line without it for a torn one.
    if (v1_) {
      const std::uint64_t usage = PLIMSOLL_TRY(number("memory.usage_in_bytes"));
      const std::uint64_t kernel = number("memory.kmem.usage_in_bytes").value_or(0);
      // Both counters are absent where the kernel does not account swap.
      const auto bound = number("memory.memsw.limit_in_bytes");
      const auto used = number("memory.memsw.usage_in_bytes");
      const std::uint64_t room = bound && used ? minus(*bound, *used) : 0;
      const std::uint64_t swap = std::min(room, options_.free_swap);
      return MemoryNow{usage, PLIMSOLL_TRY(unreclaimable_v1(stat, kernel, swap))};
    }
    const std::uint64_t usage = PLIMSOLL_TRY(number("memory.current"));
    const auto most = port_.read(write_.at, "memory.swap.max");
    const std::uint64_t used = number("memory.swap.current").value_or(0);
    const std::uint64_t room =
        !most ? 0 : minus(to_number<std::uint64_t>(*most).value_or(kUnlimited), used);
    const std::uint64_t swap = std::min(room, options_.free_swap);
    return MemoryNow{usage, PLIMSOLL_TRY(unreclaimable_v2(stat, swap))};
  }

  Result<std::uint64_t> number(const std::string& file) {
    const std::string text = PLIMSOLL_TRY(port_.read(write_.at, file));
    const auto value = to_number<std::uint64_t>(text);
    if (!value) return malformed(text);
    return *value;
  }

  // v2, by memory.reclaim (Linux 5.19), which says EAGAIN when it got less than it was asked for.
  Result<> reclaim(std::uint64_t usage) {
    // Room for what is charged between the last look and the write.
    const std::uint64_t goal = target_ - target_ / 64;
    for (int idle = 0; usage > goal;) {
      PLIMSOLL_TRY(in_time(usage, idle));
      const std::uint64_t slice = std::min(options_.slice, std::max(usage - goal, kLeastReclaim));
      const auto asked = port_.write(write_.at, "memory.reclaim", std::to_string(slice));
      if (!asked && asked.error().kind == ErrorKind::kNotOffered) return without_reclaim(usage);
      if (!asked && asked.error().kind != ErrorKind::kBusy) return asked;
      const std::uint64_t now = PLIMSOLL_TRY(number("memory.current"));
      idle = now < usage ? 0 : rest(idle);
      usage = now;
    }
    return {};
  }

  // Before 5.19 the guard, memory.high, has reclaimed as it was written.
  Result<> without_reclaim(std::uint64_t usage) const {
    if (write_.file == "memory.high" || usage <= target_) return {};
    return late(usage);
  }

  // v1: each lower limit reclaims, or is refused and changes nothing.
  Result<> step_limit(std::uint64_t usage) {
    std::uint64_t slice = options_.slice;
    auto stepped = [&]() -> Result<> {
      for (int idle = 0; usage > target_;) {
        PLIMSOLL_TRY(in_time(usage, idle));
        const std::uint64_t next = std::max(target_, minus(usage, slice) / kPage * kPage);
        const auto asked = port_.write(write_.at, write_.file, std::to_string(next));
        if (!asked && asked.error().kind != ErrorKind::kBusy) return asked;
        slice = asked ? slice : std::max(slice / 2, kLeastSlice);
        idle = asked ? 0 : rest(idle);
        usage = PLIMSOLL_TRY(number("memory.usage_in_bytes"));
      }
      return {};
    }();
    if (stepped) return {};
    // Nothing was promised yet: the file goes back to what it was.
    if (auto back = port_.write(write_.at, write_.file, write_.old_text); !back)
      stepped.error().subject += "; " + write_.file + " not put back: " + back.error().message();
    return stepped;
  }

  int rest(int idle) const {
    std::this_thread::sleep_for(options_.pause);
    return idle + 1;
  }

  Result<> in_time(std::uint64_t usage, int idle) const {
    return clock_.now() < end_ && idle < kMostIdle ? Result<>() : late(usage);
  }

  Result<> late(std::uint64_t usage) const {
    return failure(ErrorKind::kBusy, "shrink",
                   write_.at.cgroup + ": still " + mib(usage) + " in use after reclaiming for " +
                       mib(target_));
  }

  const limit::Write& write_;
  limit::KernelPort& port_;
  const Clock& clock_;
  const ShrinkOptions& options_;
  std::uint64_t target_;
  bool v1_;
  MonoTime end_;
};

limit::Write guard_of(const limit::Write& lowered, std::string old_text, std::string new_text) {
  limit::Write guard;
  guard.at = lowered.at;
  guard.file = "memory.high";
  guard.knob = limit::Knob::kMemoryHigh;
  guard.undo = {{guard.file, old_text}};
  guard.old_text = std::move(old_text);
  guard.new_text = guard.expected = std::move(new_text);
  return guard;
}

}  // namespace

Result<std::uint64_t> unreclaimable_v2(std::string_view memory_stat, std::uint64_t swap_room) {
  const cgroupfs::MemoryStatV2 stat = PLIMSOLL_TRY(cgroupfs::parse_memory_stat_v2(memory_stat));
  const std::uint64_t swappable = stat.anon.value_or(0) + stat.shmem.value_or(0);
  // `kernel` since Linux 5.18; its parts before.
  const std::uint64_t kernel =
      stat.kernel ? minus(*stat.kernel, stat.slab_reclaimable.value_or(0))
                  : stat.kernel_stack.value_or(0) + stat.pagetables.value_or(0) +
                        stat.percpu.value_or(0) + stat.slab_unreclaimable.value_or(0);
  // Locked pages are anonymous ones as well, for the most part.
  return std::max(minus(swappable, swap_room), stat.unevictable.value_or(0)) + kernel +
         stat.sock.value_or(0);
}

Result<std::uint64_t> unreclaimable_v1(std::string_view memory_stat, std::uint64_t kernel_memory,
                                       std::uint64_t swap_room) {
  const cgroupfs::MemoryStatV1 stat = PLIMSOLL_TRY(cgroupfs::parse_memory_stat_v1(memory_stat));
  const std::uint64_t swappable = stat.total_rss.value_or(0) + stat.total_shmem.value_or(0);
  return std::max(minus(swappable, swap_room), stat.total_unevictable.value_or(0)) + kernel_memory;
}

std::uint64_t safe_floor(const MemoryNow& now) {
  const std::uint64_t bytes = now.unreclaimable + now.unreclaimable / 20;
  return (bytes + kPage - 1) / kPage * kPage;
}

bool is_shrink(const limit::Write& write) {
  if (write.file != "memory.max" && write.file != "memory.high" &&
      write.file != "memory.limit_in_bytes")
    return false;
  const auto target = finite(write.new_text);
  const auto before = finite(write.old_text);
  return target && (!before || *target < *before);
}

bool fits(const limit::Write& write, limit::KernelPort& port) {
  const bool v1 = write.file == "memory.limit_in_bytes";
  const auto text = port.read(write.at, v1 ? "memory.usage_in_bytes" : "memory.current");
  const auto usage = text ? to_number<std::uint64_t>(*text) : std::nullopt;
  const std::uint64_t target = finite(write.new_text).value_or(kUnlimited);
  return usage && *usage <= target - target / 8;
}

limit::Plan with_guards(limit::Plan plan, const limit::KernelView& view) {
  std::set<std::pair<std::size_t, std::uint64_t>> planned;  // Groups whose memory.high is written.
  for (const limit::Write& write : plan.writes)
    if (write.file == "memory.high") planned.emplace(write.at.hierarchy, write.at.inode);
  const auto high_of = [&](const limit::Write& write) -> const std::string* {
    if (write.file != "memory.max" || !is_shrink(write) ||
        planned.contains({write.at.hierarchy, write.at.inode}))
      return nullptr;
    const auto group = view.index_of(write.at.cgroup);
    return group ? view.groups[*group].find("memory.high") : nullptr;
  };
  std::vector<limit::Write> writes;
  for (const limit::Write& write : plan.writes) {
    const std::string* const high = high_of(write);
    const bool needed =
        high != nullptr && finite(*high).value_or(kUnlimited) > *finite(write.new_text);
    if (!needed) {
      writes.push_back(write);
      continue;
    }
    limit::Write before = guard_of(write, *high, write.new_text);
    before.reason = "holds the usage down while memory.max is lowered";
    limit::Write after = guard_of(write, write.new_text, *high);
    after.reason = "as it was";
    writes.push_back(std::move(before));
    writes.push_back(write);
    writes.push_back(std::move(after));
  }
  plan.writes = std::move(writes);
  return plan;
}

Gate shrink_gate(const Clock& clock, const ShrinkOptions& options) {
  return [&clock, options](const limit::Plan& plan, std::size_t index,
                           limit::KernelPort& port) -> Result<> {
    const limit::Write& write = plan.writes[index];
    // Most of the time there is nothing to reclaim, and one number says so.
    if (!is_shrink(write) || fits(write, port)) return {};
    return Shrink(write, port, clock, options).run();
  };
}

}  // namespace plimsoll::control
