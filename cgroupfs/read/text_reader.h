// The text backend: control files read with pread, the hottest held open, the rest opened relative
// to the group's directory, which is opened for the occasion and proven to be the group's by its
// inode. Internal to this folder; others use make_text_reader().
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cgroupfs/read/group_reader.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/read/second_thread.h"

namespace plimsoll::cgroupfs {

class TextReader final : public CgroupReader {
 public:
  TextReader(const Layout& layout, const Clock& clock, ReaderOptions options);
  void read(std::span<ReadTarget> targets) override;
  void forget(std::uint64_t serial) override;
  [[nodiscard]] ReaderStats stats() const override;

 private:
  void replan(MonoTime now);
  void adjust_budget(std::size_t groups, MonoTime now);
  void hold_at_most(std::size_t per_cgroup);
  bool relieve(MonoTime now);
  [[nodiscard]] bool is_known(const ReadTarget& target, std::size_t place) const;
  void arrange(std::span<const ReadTarget> targets);
  void settle(std::span<const ReadTarget> targets);
  void pass_quotas_down();
  GroupState& state_of(const Cgroup& cgroup);
  [[nodiscard]] bool rests(std::span<ReadTarget> targets, std::size_t place);

  [[nodiscard]] bool are_worth_two(std::span<const ReadTarget> targets) const;
  void read_alone(std::span<ReadTarget> targets);
  [[nodiscard]] bool read_by_two(std::span<ReadTarget> targets);
  [[nodiscard]] ReadOutcome read_one(ReadTarget& target, GroupState& state,
                                     GroupReader::Attempt attempt);

  ReadingRules rules_;
  GroupReader first_;   // The caller's.
  GroupReader second_;  // The second thread's, while it is at work.

  std::optional<Blkio> blkio_ = Blkio::kThrottleRecursive;
  MonoTime replan_at_;

  std::unordered_map<std::uint64_t, GroupState> groups_;
  // Of the last read()'s n-th target: mostly it is the n-th again, and a look here is a cache line
  // for two or three groups where the map takes two for one.
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  struct Known {
    std::uint64_t serial = 0;
    GroupState* state = nullptr;
    std::uint32_t above = kNowhere;  // Place of the nearest group above it, the root not counted.
    bool parent_known = false;       // That is its parent, or the root is.
  };
  std::vector<Known> known_;
  bool arranged_ = false;  // In this read().

  bool budgeted_ = false;  // Is there a budget? Not before the first read().
  MonoTime relieved_until_;
  std::uint64_t gone_ = 0;

  SecondThread thread_;  // Last: it uses the above.
};

}  // namespace plimsoll::cgroupfs
